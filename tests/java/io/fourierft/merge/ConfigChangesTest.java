package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a configuration says after a merge, as transformers reads it. */
class ConfigChangesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ConfigChanges changes = new ConfigChanges();

  private void assertBecomes(String after, String before) throws JsonProcessingException {
    ObjectNode config = (ObjectNode) JSON.readTree(before.replace('\'', '"'));
    changes.applyTo(config);
    assertEquals(JSON.readTree(after.replace('\'', '"')), JSON.readTree(config.toString()));
  }

  @Test
  void whatIsNotChangedStaysAsItIs() throws JsonProcessingException {
    assertTrue(changes.isEmpty());
    String config =
        "{'dtype': 'float16', 'vocab_size': 7, 'text_config': {'a': 1}, 'num_labels': 3}";
    assertBecomes(config, config);
    changes.setLabels(2);
    assertFalse(changes.isEmpty());
  }

  /** Which of the two keys is read depends on the version: neither is made up. */
  @ParameterizedTest
  @CsvSource({"F64, float64", "F32, float32", "F16, float16", "BF16, bfloat16"})
  void theFormatIsSaidByTheKeysThatAreThere(ElementType type, String name)
      throws JsonProcessingException {
    changes.setDtype(type);
    assertFalse(changes.isEmpty());
    assertBecomes("{'torch_dtype': '" + name + "'}", "{'torch_dtype': 'int8'}");
    assertBecomes("{'dtype': '" + name + "'}", "{'dtype': 'int8'}");
    assertBecomes("{'a': 1}", "{'a': 1}");
  }

  @Test
  void embeddingsAreUntiedInTheLanguagePartToo() throws JsonProcessingException {
    changes.untie();
    assertFalse(changes.isEmpty());
    assertBecomes("{'tie_word_embeddings': false}", "{'tie_word_embeddings': true}");
    for (String part : new String[] {"text_config", "llm_config"}) {
      assertBecomes(
          "{'%s': {'tie_word_embeddings': false}, 'tie_word_embeddings': false}".formatted(part),
          "{'%s': {}}".formatted(part));
    }
  }

  @Test
  void theVocabularyIsSizedWhereItsSizeStands() throws JsonProcessingException {
    changes.setVocabulary(9);
    assertFalse(changes.isEmpty());
    assertBecomes("{'vocab_size': 9}", "{}");
    assertBecomes(
        "{'vocab_size': 9, 'text_config': {'vocab_size': 5}}",
        "{'vocab_size': 7, 'text_config': {'vocab_size': 5}}");
    for (String part : new String[] {"text_config", "llm_config"}) {
      assertBecomes(
          "{'%s': {'vocab_size': 9}}".formatted(part), "{'%s': {'vocab_size': 7}}".formatted(part));
    }
  }

  @Test
  void theClassIsTheOnlyOne() throws JsonProcessingException {
    changes.setArchitecture("BertForSequenceClassification");
    assertFalse(changes.isEmpty());
    assertBecomes(
        "{'architectures': ['BertForSequenceClassification']}", "{'architectures': null}");
  }

  /** The words that a training gave its labels are worth more than numbers. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'id2label': {'0': 'no', '1': 'yes'}}",
        "{'id2label': {'0': 'no', '1': 'yes'}, 'num_labels': 2}",
        "{'num_labels': 2}",
        "{'id2label': null}",
        "{}"
      })
  void asManyLabelsAsTheHeadHasStay(String config) throws JsonProcessingException {
    changes.setLabels(2);
    assertBecomes(config, config);
  }

  /** Newer versions of transformers go by the number, older ones by the names. */
  @Test
  void aNumberThatTheNamesContradictGoes() throws JsonProcessingException {
    changes.setLabels(2);
    assertBecomes(
        "{'id2label': {'0': 'no', '1': 'yes'}}",
        "{'id2label': {'0': 'no', '1': 'yes'}, 'num_labels': 5}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'id2label': {'0': 'a', '1': 'b'}, 'label2id': {'a': 0, 'b': 1}, 'num_labels': 2}",
        "{'id2label': {}}",
        "{'num_labels': 5}",
        "{}"
      })
  void labelsOfAnotherNumberAreNamedAsTransformersNamesThem(String config)
      throws JsonProcessingException {
    changes.setLabels(3);
    assertBecomes(
        "{'id2label': {'0': 'LABEL_0', '1': 'LABEL_1', '2': 'LABEL_2'},"
            + " 'label2id': {'LABEL_0': 0, 'LABEL_1': 1, 'LABEL_2': 2}}",
        config);
  }
}
