package io.fourierft.peft;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fourierft.FourierException;
import io.fourierft.internal.checks.BoundedNumbers;
import io.fourierft.internal.files.InputFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads {@code adapter_config.json}: bounded, without trust in any of it. */
final class ConfigReader {
  /** Far above any real file; a list of ten thousand module names takes about one megabyte. */
  static final int MAX_BYTES = 16 << 20;

  private static final int MAX_NESTING = 64;
  private static final String BYTE_ORDER_MARK = "\uFEFF";
  private static final String LFS_POINTER = "version https://git-lfs.github.com/spec/";

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_NESTING)
                          .maxStringLength(MAX_BYTES)
                          .maxNumberLength(400)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private final JsonNode root;
  private final String source;
  private final List<String> notes = new ArrayList<>();

  private ConfigReader(JsonNode root, String source) {
    this.root = root;
    this.source = source;
  }

  static ConfigDocument read(Path file) throws IOException {
    if (!InputFile.isThere(file)) {
      throw new PeftException(
          "cannot find '%s' at '%s'; give the directory that PEFT's save_pretrained wrote"
              .formatted(FourierFtConfig.FILE_NAME, file.getParent()));
    }
    String json = text(file);
    if (!json.startsWith(BYTE_ORDER_MARK)) {
      return parse(json, file.toString());
    }
    ConfigDocument document = parse(json.substring(1), file.toString());
    List<String> notes = new ArrayList<>();
    notes.add(file + " starts with a byte order mark, which PEFT refuses; it was passed over");
    notes.addAll(document.notes());
    return new ConfigDocument(document.config(), notes);
  }

  /** The text of a file of at most {@link #MAX_BYTES} bytes, a byte order mark included. */
  static String text(Path file) throws IOException {
    byte[] bytes;
    try {
      bytes = InputFile.read(file, MAX_BYTES);
    } catch (FourierException e) {
      throw new PeftException(String.valueOf(e.getMessage()), e);
    }
    if (bytes.length > 1 && (bytes[0] & bytes[1] & 0xff) == 0xfe && bytes[0] != bytes[1]) {
      throw new PeftException(
          file + " is UTF-16 text (it starts with that byte order mark); save it as UTF-8");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new PeftException(file + " is not UTF-8 text; save it again", e);
    }
  }

  static ConfigDocument parse(String json, String source) {
    if (json.startsWith(LFS_POINTER)) {
      throw new PeftException(
          source + " is a git-LFS pointer, not the file itself; run 'git lfs pull'");
    }
    JsonNode root = tree(json, source);
    if (!root.isObject()) {
      throw new PeftException(source + " holds no JSON object, but " + brief(root));
    }
    return new ConfigReader(root, source).document();
  }

  /** Any JSON value. */
  static JsonNode tree(String json, String source) {
    try (var parser = new BoundedNumbers(MAPPER.createParser(json))) {
      JsonNode node = MAPPER.readTree(parser);
      if (node == null || node.isMissingNode()) {
        throw new PeftException(source + " is empty, not JSON; save the adapter again");
      }
      return node;
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      String place =
          at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
      throw new PeftException(
          "%s is not valid JSON%s: %s".formatted(source, place, e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ConfigDocument document() {
    requirePeftType();
    Map<String, String> unknown = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : root.properties()) {
      String key = entry.getKey();
      if (key.equals("runtime_config")) {
        notes.add(source + ": 'runtime_config' is dropped, as PEFT does");
      } else if (!ConfigKey.names().contains(key)) {
        unknown.put(key, ConfigJson.text(entry.getValue()));
        notes.add(
            "%s: unknown key '%s' is ignored and kept for saving; it may come from a newer PEFT"
                .formatted(source, key));
      }
    }
    ModuleSelection targets = selection(ConfigKey.TARGET_MODULES);
    if (targets instanceof ModuleSelection.Expression
        && present(ConfigKey.LAYERS_TO_TRANSFORM) != null) {
      throw refuse(
          ConfigKey.LAYERS_TO_TRANSFORM,
          "cannot be used when target_modules is a string; remove it, or give a list of names");
    }
    FourierFtConfig defaults = FourierFtConfig.builder().build();
    try {
      FourierFtConfig config =
          FourierFtConfig.builder()
              .nFrequency(integer(ConfigKey.N_FREQUENCY, defaults.nFrequency()))
              .scaling(number(ConfigKey.SCALING, defaults.scaling()))
              .randomLocSeed(seed(defaults.randomLocSeed()))
              .targetModules(targets)
              .excludeModules(selection(ConfigKey.EXCLUDE_MODULES))
              .fanInFanOut(bool(ConfigKey.FAN_IN_FAN_OUT))
              .bias(bias())
              .modulesToSave(strings(ConfigKey.MODULES_TO_SAVE, false))
              .layersToTransform(layers())
              .layersPattern(strings(ConfigKey.LAYERS_PATTERN, true))
              .nFrequencyPattern(pattern())
              .initWeights(bool(ConfigKey.INIT_WEIGHTS))
              .inferenceMode(bool(ConfigKey.INFERENCE_MODE))
              .baseModelNameOrPath(text(ConfigKey.BASE_MODEL_NAME_OR_PATH))
              .revision(text(ConfigKey.REVISION))
              .taskType(text(ConfigKey.TASK_TYPE))
              .autoMapping(object(ConfigKey.AUTO_MAPPING))
              .peftVersion(text(ConfigKey.PEFT_VERSION))
              .unknownKeys(unknown)
              .build();
      return new ConfigDocument(config, notes);
    } catch (PeftException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(source) ? e : new PeftException(source + ": " + message, e);
    }
  }

  private void requirePeftType() {
    JsonNode type = root.get(ConfigKey.PEFT_TYPE.key());
    if (type == null || type.isNull()) {
      throw new PeftException(
          source + ": peft_type is missing; a FourierFT adapter says \"peft_type\": \"FOURIERFT\"");
    }
    if (!type.isTextual() || !type.textValue().equals(FourierFtConfig.PEFT_TYPE)) {
      boolean sameWord =
          type.isTextual() && type.textValue().equalsIgnoreCase(FourierFtConfig.PEFT_TYPE);
      throw new PeftException(
          "%s: peft_type is %s, not \"FOURIERFT\"; %s"
              .formatted(
                  source,
                  brief(type),
                  sameWord
                      ? "write it in upper case, as PEFT does"
                      : "this library computes FourierFT adapters only"));
    }
  }

  private @Nullable JsonNode present(ConfigKey key) {
    JsonNode node = root.get(key.key());
    return node == null || node.isNull() ? null : node;
  }

  private int integer(ConfigKey key, int fallback) {
    JsonNode node = root.get(key.key());
    return node == null ? fallback : integer(key.key(), node);
  }

  private int integer(String key, JsonNode node) {
    if (!node.isIntegralNumber() || !node.canConvertToInt()) {
      throw refuse(key, "is " + brief(node) + "; give an integer up to " + Integer.MAX_VALUE);
    }
    return node.intValue();
  }

  private double number(ConfigKey key, double fallback) {
    JsonNode node = root.get(key.key());
    if (node == null) {
      return fallback;
    }
    if (!node.isNumber()) {
      throw refuse(key, "is " + brief(node) + "; give a number");
    }
    return node.doubleValue();
  }

  private BigInteger seed(BigInteger fallback) {
    JsonNode node = root.get(ConfigKey.RANDOM_LOC_SEED.key());
    if (node == null) {
      return fallback;
    }
    if (!node.isIntegralNumber()) {
      throw refuse(
          ConfigKey.RANDOM_LOC_SEED,
          "is "
              + brief(node)
              + ", but the places follow from it; give the integer of the training");
    }
    return node.bigIntegerValue();
  }

  private boolean bool(ConfigKey key) {
    JsonNode node = root.get(key.key());
    if (node == null) {
      return false;
    }
    if (node.isNull()) {
      notes.add("%s: %s is null and taken as false".formatted(source, key.key()));
      return false;
    }
    if (!node.isBoolean()) {
      throw refuse(key, "is " + brief(node) + "; give true or false");
    }
    return node.booleanValue();
  }

  private String bias() {
    JsonNode node = root.get(ConfigKey.BIAS.key());
    if (node == null) {
      return "none";
    }
    if (!node.isTextual()) {
      throw refuse(ConfigKey.BIAS, "is " + brief(node) + "; give none, all or fourier_only");
    }
    return node.textValue();
  }

  private @Nullable String text(ConfigKey key) {
    JsonNode node = present(key);
    if (node == null) {
      return null;
    }
    if (!node.isTextual()) {
      throw refuse(key, "is " + brief(node) + "; give a string or null");
    }
    return node.textValue();
  }

  private @Nullable String object(ConfigKey key) {
    JsonNode node = present(key);
    if (node == null) {
      return null;
    }
    if (!node.isObject()) {
      throw refuse(key, "is " + brief(node) + "; give an object or null");
    }
    return ConfigJson.text(node);
  }

  private @Nullable ModuleSelection selection(ConfigKey key) {
    JsonNode node = present(key);
    if (node == null) {
      return null;
    }
    return node.isTextual()
        ? new ModuleSelection.Expression(node.textValue())
        : new ModuleSelection.Names(strings(key, true));
  }

  private List<String> strings(ConfigKey key, boolean mayBeOne) {
    JsonNode node = present(key);
    if (node == null) {
      return List.of();
    }
    if (mayBeOne && node.isTextual()) {
      return node.textValue().isEmpty() ? List.of() : List.of(node.textValue());
    }
    if (!node.isArray()) {
      throw refuse(key, "is " + brief(node) + "; give a list of strings");
    }
    List<String> values = new ArrayList<>(node.size());
    for (JsonNode element : node) {
      if (!element.isTextual()) {
        throw refuse(key, "holds " + brief(element) + "; give a list of strings");
      }
      values.add(element.textValue());
    }
    return values;
  }

  private List<Integer> layers() {
    JsonNode node = present(ConfigKey.LAYERS_TO_TRANSFORM);
    if (node == null) {
      return List.of();
    }
    String key = ConfigKey.LAYERS_TO_TRANSFORM.key();
    if (!node.isArray()) {
      return List.of(integer(key, node));
    }
    List<Integer> layers = new ArrayList<>(node.size());
    node.forEach(element -> layers.add(integer(key, element)));
    return layers;
  }

  private Map<String, Integer> pattern() {
    String key = ConfigKey.N_FREQUENCY_PATTERN.key();
    JsonNode node = root.get(key);
    if (node == null) {
      return Map.of();
    }
    if (node.isNull()) {
      // PEFT itself stops at null ("'NoneType' object has no attribute 'keys'"), but it can only
      // mean that there is no pattern; what is saved says {}.
      notes.add(source + ": n_frequency_pattern is null and taken as {}; PEFT would fail on it");
      return Map.of();
    }
    if (!node.isObject()) {
      throw refuse(key, "is " + brief(node) + "; give an object of module pattern to integer");
    }
    Map<String, Integer> pattern = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      pattern.put(entry.getKey(), integer(key + "['" + entry.getKey() + "']", entry.getValue()));
    }
    return pattern;
  }

  private PeftException refuse(ConfigKey key, String what) {
    return refuse(key.key(), what);
  }

  private PeftException refuse(String key, String what) {
    return new PeftException("%s: %s %s".formatted(source, key, what));
  }

  private static String brief(JsonNode node) {
    String text = node.toString();
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }
}
