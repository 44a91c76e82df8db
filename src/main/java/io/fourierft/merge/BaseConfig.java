package io.fourierft.merge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierException;
import io.fourierft.internal.checks.BoundedNumbers;
import io.fourierft.internal.files.InputFile;
import io.fourierft.peft.ModelConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** What a base model's {@code config.json} says that matters to a merge. */
final class BaseConfig {
  private static final int MOST_BYTES = 16 << 20;
  private static final String BYTE_ORDER_MARK = "\ufeff";
  private static final ObjectMapper MAPPER = mapper();

  private final ObjectNode root;

  private BaseConfig(ObjectNode root) {
    this.root = root;
  }

  /**
   * Reads {@code config.json} of a model folder; empty if the folder has none.
   *
   * @throws FourierException if it is not a JSON object
   */
  static Optional<BaseConfig> read(Path folder) throws IOException {
    Path file = folder.resolve("config.json");
    // One that is there and cannot be read is an error: what it says must not be missed.
    if (!InputFile.isThere(file)) {
      return Optional.empty();
    }
    String json = text(file);
    try (var parser = new BoundedNumbers(MAPPER.createParser(json))) {
      if (MAPPER.readTree(parser) instanceof ObjectNode object) {
        return Optional.of(new BaseConfig(object));
      }
    } catch (JsonProcessingException e) {
      throw new FourierException(file + " is not valid JSON: " + e.getOriginalMessage(), e);
    }
    throw new FourierException(file + " does not hold a JSON object");
  }

  /** The file's text: UTF-8 alone, where a parser of bytes would guess among five encodings. */
  private static String text(Path file) throws IOException {
    byte[] bytes = InputFile.read(file, MOST_BYTES);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new FourierException(file + " is not UTF-8 text; save the model again", e);
    }
  }

  /** The quantisation method, if one is named. */
  Optional<String> quantization() {
    JsonNode node = root.get("quantization_config");
    if (node == null || node.isNull() || node.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(node.path("quant_method").asText("unnamed method"));
  }

  /** What it says of the model's class. */
  ModelConfig model() {
    return ModelConfig.parse(root.toString(), "config.json");
  }

  /** The text of the file with these changes. */
  byte[] with(ConfigChanges changes) throws IOException {
    ObjectNode copy = root.deepCopy();
    changes.applyTo(copy);
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter(
                Separators.createDefaultInstance()
                    .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
            .withObjectIndenter(new DefaultIndenter("  ", "\n"))
            .withArrayIndenter(new DefaultIndenter("  ", "\n"));
    return (MAPPER.writer(printer).writeValueAsString(copy) + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static ObjectMapper mapper() {
    JsonMapper mapper =
        JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            // Python reads Infinity, which Mamba's configurations hold, and not "Infinity".
            .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
            .build();
    mapper
        .getFactory()
        .setStreamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(128).build());
    return mapper;
  }
}
