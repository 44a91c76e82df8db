package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the name of a class says of its head. */
class HeadClassTest {
  @ParameterizedTest
  @CsvSource({
    "LlamaForCausalLM, true",
    "GPT2LMHeadModel, true",
    "T5ForConditionalGeneration, true",
    "BertForMaskedLM, true",
    "BertForPreTraining, true",
    "BertForSequenceClassification, false",
    "BertForTokenClassification, false",
    "LlamaModel, false"
  })
  void aLanguageModelScoresTokens(String className, boolean scores) {
    assertEquals(scores, HeadClass.isLanguageModel(className));
  }
}
