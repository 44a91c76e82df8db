package io.fourierft.merge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.ElementType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the merged model's {@code config.json} says otherwise than the base's. */
final class ConfigChanges {
  private static final List<String> TEXT_PARTS = List.of("text_config", "llm_config");

  private @Nullable ElementType dtype;
  private boolean untied;
  private long vocabulary;
  private @Nullable String architecture;
  private long labels;

  /** Says that the weights have another format. */
  void setDtype(@Nullable ElementType value) {
    dtype = value;
  }

  /** Says that input and output embedding are two. */
  void untie() {
    untied = true;
  }

  /** Says that the vocabulary has another size. */
  void setVocabulary(long size) {
    vocabulary = size;
  }

  /** Says that the model is of another class. */
  void setArchitecture(String className) {
    architecture = className;
  }

  /** Says that the head tells so many classes apart. */
  void setLabels(long count) {
    labels = count;
  }

  /** Whether nothing changes. */
  boolean isEmpty() {
    return dtype == null && !untied && vocabulary == 0 && architecture == null && labels == 0;
  }

  void applyTo(ObjectNode config) {
    if (dtype != null) {
      String name = name(dtype);
      for (String key : List.of("torch_dtype", "dtype")) {
        if (config.has(key)) {
          config.put(key, name);
        }
      }
    }
    if (untied) {
      config.put("tie_word_embeddings", false);
      for (String part : TEXT_PARTS) {
        if (config.get(part) instanceof ObjectNode text) {
          text.put("tie_word_embeddings", false);
        }
      }
    }
    if (vocabulary > 0) {
      holder(config).put("vocab_size", vocabulary);
    }
    if (architecture != null) {
      config.putArray("architectures").add(architecture);
    }
    if (labels > 0) {
      nameLabels(config);
    }
  }

  /**
   * Programs count the names, or go by {@code num_labels}, which is 2 where nothing is said: both
   * must say the same.
   */
  private void nameLabels(ObjectNode config) {
    JsonNode named = config.path("id2label");
    long number = config.path("num_labels").asLong(named.isObject() ? labels : 2);
    if (number != labels) {
      config.remove("num_labels");
    }
    if (labels != (named.isObject() ? named.size() : number)) {
      ObjectNode names = config.putObject("id2label");
      ObjectNode numbers = config.putObject("label2id");
      for (long i = 0; i < labels; i++) {
        names.put(Long.toString(i), "LABEL_" + i);
        numbers.put("LABEL_" + i, i);
      }
    }
  }

  /** The part of the configuration that the size of the vocabulary stands in. */
  private static ObjectNode holder(ObjectNode config) {
    if (!config.has("vocab_size")) {
      for (String part : TEXT_PARTS) {
        if (config.get(part) instanceof ObjectNode text) {
          return text;
        }
      }
    }
    return config;
  }

  private static String name(ElementType type) {
    return switch (type) {
      case F64 -> "float64";
      case F32 -> "float32";
      case F16 -> "float16";
      case BF16 -> "bfloat16";
    };
  }
}
