package io.fourierft.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a base model's {@code config.json} says of its class: types, architectures, ties, layers. A
 * model of several parts has a configuration of its own for each, as {@code text_config} or {@code
 * decoder}. Immutable.
 */
public final class ModelConfig {
  /** Of a base without a {@code config.json}: says nothing. */
  public static final ModelConfig NONE = new ModelConfig(JsonNodeFactory.instance.objectNode());

  private static final String MODEL_TYPE = "model_type";

  private final JsonNode root;

  private ModelConfig(JsonNode root) {
    this.root = root;
  }

  /**
   * Reads the text of a {@code config.json}.
   *
   * @param source what the text is, for messages
   * @throws PeftException if it is not a JSON object
   */
  public static ModelConfig parse(String json, String source) {
    JsonNode root = ConfigReader.tree(json, source);
    if (!root.isObject()) {
      throw new PeftException(source + " does not hold a JSON object");
    }
    return new ModelConfig(root);
  }

  /** A configuration that says {@code model_type} and nothing else; null says nothing at all. */
  public static ModelConfig ofType(@Nullable String modelType) {
    return modelType == null
        ? NONE
        : new ModelConfig(JsonNodeFactory.instance.objectNode().put(MODEL_TYPE, modelType));
  }

  /** {@code model_type}, or null. */
  public @Nullable String modelType() {
    return text(root.get(MODEL_TYPE));
  }

  /** The classes that the model was saved from. */
  List<String> architectures() {
    List<String> names = new ArrayList<>();
    root.path("architectures").forEach(name -> names.add(name.asText()));
    return names;
  }

  /** The first of the classes that the model was saved from. */
  public Optional<String> architecture() {
    return architectures().stream().findFirst();
  }

  /** The model types of the whole and of its parts, the whole first, and every architecture. */
  Set<String> families() {
    Set<String> families = new LinkedHashSet<>();
    String own = modelType();
    if (own != null) {
      families.add(own);
    }
    families.addAll(architectures());
    for (Map.Entry<String, JsonNode> entry : root.properties()) {
      if (entry.getValue().isObject() && entry.getValue().has(MODEL_TYPE)) {
        families.addAll(new ModelConfig(entry.getValue()).families());
      }
    }
    return families;
  }

  /**
   * The configuration of the part that a path stands in: {@code decoder} of {@code
   * decoder.transformer.h.0}, {@code vision_config} of {@code model.vision_tower.layers.0}. Of the
   * whole, where there is but one.
   */
  ModelConfig partOf(String path) {
    for (String word : path.split("\\.", -1)) {
      if (word.chars().allMatch(Character::isDigit)) {
        break;
      }
      String key = word.toLowerCase(Locale.ROOT);
      for (String name : partNames(key)) {
        JsonNode part = root.get(name);
        if (part != null && part.isObject() && part.has(MODEL_TYPE)) {
          return new ModelConfig(part).partOf(path.substring(path.indexOf(word) + word.length()));
        }
      }
    }
    return this;
  }

  private static List<String> partNames(String word) {
    if (word.startsWith("vision") || word.equals("visual")) {
      return List.of("vision_config", word, word + "_config");
    }
    if (word.equals("language_model") || word.startsWith("text")) {
      return List.of("text_config", "llm_config", word, word + "_config");
    }
    if (word.startsWith("audio")) {
      return List.of("audio_config", word);
    }
    return List.of(word, word + "_config");
  }

  /** Whether the part with the word embeddings says that they are tied; empty where none says. */
  Optional<Boolean> tieWordEmbeddings() {
    JsonNode own = root.get("tie_word_embeddings");
    JsonNode text = textPart().get("tie_word_embeddings");
    if (own != null && own.isBoolean()) {
      return Optional.of(own.booleanValue());
    }
    return text != null && text.isBoolean() ? Optional.of(text.booleanValue()) : Optional.empty();
  }

  /**
   * A whole number by its path, {@code vision_config.num_attention_heads}; where the part is not
   * there, that of the whole.
   */
  OptionalLong number(String path) {
    int dot = path.indexOf('.');
    JsonNode part =
        dot < 0 || !root.has(path.substring(0, dot)) ? root : root.get(path.substring(0, dot));
    JsonNode number = part.get(path.substring(dot + 1));
    return number != null && number.isIntegralNumber()
        ? OptionalLong.of(number.longValue())
        : OptionalLong.empty();
  }

  /** The number of layers of the text model or of the only one; of two stacks none is said. */
  OptionalLong layers() {
    if (root.path("is_encoder_decoder").asBoolean(false) || root.has("decoder_layers")) {
      return OptionalLong.empty();
    }
    for (JsonNode part : List.of(root, textPart())) {
      for (String key : List.of("num_hidden_layers", "n_layer", "num_layers", "n_layers")) {
        JsonNode layers = part.get(key);
        if (layers != null && layers.isIntegralNumber()) {
          return OptionalLong.of(layers.longValue());
        }
      }
    }
    return OptionalLong.empty();
  }

  private JsonNode textPart() {
    for (String key : List.of("text_config", "llm_config")) {
      if (root.path(key).isObject()) {
        return root.get(key);
      }
    }
    return root;
  }

  private static @Nullable String text(@Nullable JsonNode node) {
    return node != null && node.isTextual() ? node.textValue() : null;
  }
}
