package io.fourierft.peft;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys of {@code adapter_model.safetensors} ({@code src/peft/utils/save_and_load.py}): what
 * each names, and why one is refused.
 */
final class AdapterKeys {
  /** What PEFT puts before every module path. */
  static final String PREFIX = "base_model.model.";

  /** What follows the module path of a spectrum. */
  static final String SPECTRUM = ".fourierft_spectrum";

  private static final String BASE_LAYER = ".base_layer";
  private static final String SAVED_COPY = ".modules_to_save.";
  private static final String ORIGINAL = ".original_module.";

  private AdapterKeys() {}

  /**
   * Whether a key is one of those that PEFT (0.21) writes needlessly for a module saved whole, with
   * {@code bias="all"} or a resized vocabulary: {@code head.modules_to_save.bias}, which repeats
   * {@code head.bias}, and {@code head.original_module.bias}, which nothing uses.
   *
   * @param keys all keys of the file
   */
  static boolean isNeedless(String key, Set<String> keys) {
    for (String part : List.of(SAVED_COPY, ORIGINAL)) {
      int at = key.indexOf(part);
      if (at >= 0) {
        String module = key.substring(0, at + 1);
        String rest = key.substring(at + part.length());
        // Below the saved module PEFT leaves the adapter's name in the key.
        return keys.contains(module + rest)
            || keys.contains(module + rest.substring(rest.indexOf('.') + 1));
      }
    }
    return false;
  }

  /**
   * The key of the bias that {@code head.original_module.bias} was before training: {@code
   * head.bias}. Null of any other key.
   */
  static @Nullable String originalOf(String key) {
    int at = key.indexOf(ORIGINAL);
    return at >= 0 && key.substring(at + ORIGINAL.length()).equals("bias")
        ? key.substring(0, at) + ".bias"
        : null;
  }

  /**
   * The part of a key after PEFT's prefix.
   *
   * @throws PeftException if the prefix is missing or the key holds an adapter's name
   */
  static String withoutPrefix(String key, String file) {
    if (key.contains("_orig_mod.")) {
      throw new PeftException(
          ("%s: key '%s' holds '_orig_mod', the wrapper of torch.compile, so PEFT would not load"
                  + " it; save the model inside it (model._orig_mod.save_pretrained), or take"
                  + " '_orig_mod.' out of the keys")
              .formatted(file, key));
    }
    if (!key.startsWith(PREFIX)) {
      throw new PeftException(
          "%s: key '%s' does not begin with '%s', so PEFT would not load it; save the adapter with"
                  .formatted(file, key, PREFIX)
              + " PEFT's save_pretrained");
    }
    String name = key.substring(PREFIX.length());
    int inner = name.indexOf(SPECTRUM + ".");
    if (inner >= 0 || name.startsWith(SPECTRUM.substring(1) + ".")) {
      String adapter = name.substring(name.indexOf(SPECTRUM.substring(1)) + SPECTRUM.length());
      throw nameInside(file, key, adapter);
    }
    int saved = name.indexOf(SAVED_COPY);
    if (saved >= 0) {
      String rest = name.substring(saved + SAVED_COPY.length());
      throw nameInside(file, key, rest.contains(".") ? rest.substring(0, rest.indexOf('.')) : rest);
    }
    return name;
  }

  private static PeftException nameInside(String file, String key, String adapter) {
    return new PeftException(
        ("%s: key '%s' holds the adapter name '%s', as in a live model's state_dict; save the"
                + " adapter with PEFT's save_pretrained, or take '.%s' out of the keys")
            .formatted(file, key, adapter, adapter));
  }

  /** The module path of a spectrum, or null if the name is not one of a spectrum. */
  static @Nullable String spectrumModule(String name) {
    return name.endsWith(SPECTRUM) && name.length() > SPECTRUM.length()
        ? name.substring(0, name.length() - SPECTRUM.length())
        : null;
  }

  /**
   * Why an adapter would carry a tensor other than a spectrum.
   *
   * @return null if it would not: the key is left over
   */
  static ExtraTensor.@Nullable Kind kind(
      String name, FourierFtConfig config, ModuleMatcher matcher) {
    int dot = name.lastIndexOf('.');
    if (dot < 1) {
      // A parameter of the model itself; PEFT takes "bias" alone for one with bias="all".
      return name.equals("bias") && config.bias().equals("all") ? ExtraTensor.Kind.BIAS : null;
    }
    String module = name.substring(0, dot);
    String parameter = name.substring(dot + 1);
    if (matcher.mayBeSaved(module)) {
      return ExtraTensor.Kind.SAVED_MODULE;
    }
    boolean inBaseLayer = module.endsWith(BASE_LAYER);
    String plain =
        inBaseLayer ? module.substring(0, module.length() - BASE_LAYER.length()) : module;
    if (parameter.equals("bias")
        && (config.bias().equals("all") || (config.trainsBiases() && inBaseLayer))) {
      return ExtraTensor.Kind.BIAS;
    }
    String leaf = plain.substring(plain.lastIndexOf('.') + 1);
    boolean embedding =
        EmbeddingNames.isInput(leaf)
            || EmbeddingNames.isOutput(leaf)
            || ModelFacts.isEmbedding(plain);
    return embedding && (parameter.equals("weight") || parameter.equals("bias"))
        ? ExtraTensor.Kind.EMBEDDING
        : null;
  }

  /** The name of the base tensor that an extra tensor replaces. */
  static String baseTensor(String name) {
    int dot = name.lastIndexOf('.');
    if (dot >= 0 && name.substring(0, dot).endsWith(BASE_LAYER)) {
      return name.substring(0, dot - BASE_LAYER.length()) + name.substring(dot);
    }
    return name;
  }
}
