package io.fourierft.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A configuration as text, byte for byte as Python's {@code json.dumps} writes it for PEFT. */
final class ConfigJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private ConfigJson() {}

  /** The configuration as a file's text. */
  static String text(FourierFtConfig config) {
    ObjectNode root = shared(config);
    putText(root, ConfigKey.PEFT_TYPE, FourierFtConfig.PEFT_TYPE);
    putText(root, ConfigKey.BIAS, config.bias());
    root.put(ConfigKey.FAN_IN_FAN_OUT.key(), config.fanInFanOut());
    root.put(ConfigKey.INIT_WEIGHTS.key(), config.initWeights());
    root.put(ConfigKey.N_FREQUENCY.key(), config.nFrequency());
    root.put(ConfigKey.SCALING.key(), config.scaling());
    root.put(ConfigKey.RANDOM_LOC_SEED.key(), config.randomLocSeed());
    root.set(ConfigKey.TARGET_MODULES.key(), selection(config.targetModules()));
    root.set(ConfigKey.N_FREQUENCY_PATTERN.key(), numbers(config.nFrequencyPattern()));
    config.unknownKeys().forEach((key, json) -> root.set(key, value(json)));
    return text(root);
  }

  /** What every method of PEFT has: the model, its task, and which of its modules are meant. */
  static ObjectNode shared(FourierFtConfig config) {
    ObjectNode root = NODES.objectNode();
    putText(root, ConfigKey.BASE_MODEL_NAME_OR_PATH, config.baseModelNameOrPath());
    putText(root, ConfigKey.REVISION, config.revision());
    putText(root, ConfigKey.TASK_TYPE, config.taskType());
    putText(root, ConfigKey.PEFT_VERSION, config.peftVersion());
    root.set(ConfigKey.AUTO_MAPPING.key(), value(config.autoMapping()));
    root.put(ConfigKey.INFERENCE_MODE.key(), true);
    root.set(ConfigKey.EXCLUDE_MODULES.key(), selection(config.excludeModules()));
    root.set(ConfigKey.MODULES_TO_SAVE.key(), listOrNull(config.modulesToSave()));
    root.set(ConfigKey.LAYERS_PATTERN.key(), listOrNull(config.layersPattern()));
    JsonNode layers = NODES.nullNode();
    if (!config.layersToTransform().isEmpty()) {
      var array = NODES.arrayNode();
      config.layersToTransform().forEach(array::add);
      layers = array;
    }
    root.set(ConfigKey.LAYERS_TO_TRANSFORM.key(), layers);
    return root;
  }

  /** Numbers by name. */
  static ObjectNode numbers(Map<String, Integer> values) {
    ObjectNode node = NODES.objectNode();
    values.forEach(node::put);
    return node;
  }

  /** Any JSON in the same style. */
  static String text(JsonNode node) {
    StringBuilder out = new StringBuilder();
    append(out, node, "\n");
    return out.toString();
  }

  private static void putText(ObjectNode root, ConfigKey key, @Nullable String value) {
    root.put(key.key(), value);
  }

  private static JsonNode value(@Nullable String json) {
    return json == null ? NODES.nullNode() : ConfigReader.tree(json, "a kept value");
  }

  /** Names as a list, an expression as text, nothing as null. */
  static JsonNode selection(@Nullable ModuleSelection selection) {
    return switch (selection) {
      case null -> NODES.nullNode();
      case ModuleSelection.Names names -> list(names.names());
      case ModuleSelection.Expression expression -> NODES.textNode(expression.regex());
    };
  }

  private static JsonNode listOrNull(Collection<String> values) {
    return values.isEmpty() ? NODES.nullNode() : list(values);
  }

  private static JsonNode list(Collection<String> values) {
    var array = NODES.arrayNode();
    values.forEach(array::add);
    return array;
  }

  private static void append(StringBuilder out, JsonNode node, String lineBreak) {
    String inner = lineBreak + "  ";
    switch (node.getNodeType()) {
      case OBJECT -> {
        List<Map.Entry<String, JsonNode>> entries = new ArrayList<>(node.properties());
        entries.sort(Map.Entry.comparingByKey(ConfigJson::compareCodePoints));
        String separator = "";
        out.append('{');
        for (Map.Entry<String, JsonNode> entry : entries) {
          out.append(separator).append(inner);
          appendString(out, entry.getKey());
          out.append(": ");
          append(out, entry.getValue(), inner);
          separator = ",";
        }
        out.append(entries.isEmpty() ? "" : lineBreak).append('}');
      }
      case ARRAY -> {
        String separator = "";
        out.append('[');
        for (JsonNode element : node) {
          out.append(separator).append(inner);
          append(out, element, inner);
          separator = ",";
        }
        out.append(node.isEmpty() ? "" : lineBreak).append(']');
      }
      case STRING -> appendString(out, node.textValue());
      case NUMBER -> out.append(node.isDouble() ? number(node.doubleValue()) : node.asText());
      default -> out.append(node.asText());
    }
  }

  /** Python sorts strings by code point, Java by UTF-16 unit. */
  static int compareCodePoints(String a, String b) {
    int[] left = a.codePoints().toArray();
    int[] right = b.codePoints().toArray();
    return Arrays.compare(left, right);
  }

  /** Python's {@code repr}: the shortest digits, plain for exponents of −4 to 15. */
  static String number(double value) {
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    int exponent = digits.precision() - digits.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = digits.toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String mantissa = digits.scaleByPowerOfTen(-exponent).toPlainString();
    return String.format(
        Locale.ROOT, "%se%s%02d", mantissa, exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  private static void appendString(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20 || c > 0x7e) {
            out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
