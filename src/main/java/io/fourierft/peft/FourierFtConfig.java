package io.fourierft.peft;

import io.fourierft.FourierException;
import io.fourierft.SpectralLocations;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a FourierFT adapter, {@code adapter_config.json} ({@code
 * src/peft/tuners/fourierft/config.py}). Immutable; made by {@link #builder()}, {@link #open} or
 * {@link #parse}.
 *
 * @param nFrequency coefficients of a layer that {@code nFrequencyPattern} does not name, at least
 *     1
 * @param scaling factor on ΔW, finite as a float32
 * @param randomLocSeed seed of the places, −2^63 to 2^64 − 1
 * @param targetModules the adapted modules; null for PEFT's default for the base's {@code
 *     model_type}
 * @param excludeModules modules not adapted although targeted; null for none
 * @param fanInFanOut whether weights are stored {@code [in, out]}; PEFT saves the value of the
 *     module it made last, so {@link BaseModel} prefers what the base model's shapes say
 * @param bias {@code none}, {@code all}, or a word that ends in {@code _only}: the biases of
 *     adapted modules
 * @param modulesToSave modules that are stored whole; empty for none
 * @param layersToTransform layer indices to which the adaptation is limited; empty for all
 * @param layersPattern names of the layer list, used with {@code layersToTransform}; empty for any
 * @param nFrequencyPattern coefficients of particular layers, in the order in which the keys are
 *     tried; see {@link ModuleMatcher#nFrequency}
 * @param initWeights true: a new adapter starts at zero; false: at standard normal numbers (the
 *     reverse of LoRA's sense)
 * @param inferenceMode as read; what is saved always says true
 * @param baseModelNameOrPath the base model's name, or null
 * @param revision the base model's revision, or null
 * @param taskType one of {@link #TASK_TYPES}, or null
 * @param autoMapping a JSON object as text, or null
 * @param peftVersion the PEFT that wrote the file, or null
 * @param unknownKeys keys that PEFT does not have, with their values as JSON text, kept for saving
 */
public record FourierFtConfig(
    int nFrequency,
    double scaling,
    BigInteger randomLocSeed,
    @Nullable ModuleSelection targetModules,
    @Nullable ModuleSelection excludeModules,
    boolean fanInFanOut,
    String bias,
    List<String> modulesToSave,
    List<Integer> layersToTransform,
    List<String> layersPattern,
    Map<String, Integer> nFrequencyPattern,
    boolean initWeights,
    boolean inferenceMode,
    @Nullable String baseModelNameOrPath,
    @Nullable String revision,
    @Nullable String taskType,
    @Nullable String autoMapping,
    @Nullable String peftVersion,
    Map<String, String> unknownKeys) {
  /** Name of the file in an adapter's directory. */
  public static final String FILE_NAME = "adapter_config.json";

  /** The {@code peft_type} of these adapters. */
  public static final String PEFT_TYPE = "FOURIERFT";

  /** The values that {@code task_type} may have. */
  public static final List<String> TASK_TYPES =
      List.of(
          "SEQ_CLS",
          "SEQ_2_SEQ_LM",
          "CAUSAL_LM",
          "TOKEN_CLS",
          "QUESTION_ANS",
          "FEATURE_EXTRACTION");

  /**
   * Copies the collections and checks what PEFT checks, and what it trips over later.
   *
   * @throws PeftException naming the key, the value and the remedy
   */
  public FourierFtConfig {
    modulesToSave = List.copyOf(modulesToSave);
    layersToTransform = List.copyOf(layersToTransform);
    layersPattern = List.copyOf(layersPattern);
    nFrequencyPattern = Collections.unmodifiableMap(new LinkedHashMap<>(nFrequencyPattern));
    unknownKeys = Collections.unmodifiableMap(new TreeMap<>(unknownKeys));
    requirePositive("n_frequency", nFrequency);
    nFrequencyPattern.forEach(
        (key, n) -> requirePositive("n_frequency_pattern entry '" + key + "'", n));
    if (!Float.isFinite((float) scaling)) {
      throw new PeftException(
          "scaling is " + scaling + ", which is no finite float32; give a finite number");
    }
    try {
      SpectralLocations.seedBits(randomLocSeed);
    } catch (FourierException e) {
      throw new PeftException(e.getMessage() + "; give the seed of the training", e);
    }
    if (!bias.equals("none") && !bias.equals("all") && !bias.endsWith("_only")) {
      throw new PeftException(
          "bias '" + bias + "' is not implemented; use none, all or fourier_only");
    }
    if (taskType != null && !TASK_TYPES.contains(taskType)) {
      throw new PeftException(
          "task_type '%s' is invalid; use null or one of %s"
              .formatted(taskType, String.join(", ", TASK_TYPES)));
    }
    if (targetModules instanceof ModuleSelection.Expression) {
      if (!layersToTransform.isEmpty()) {
        throw new PeftException(
            "layers_to_transform cannot be used when target_modules is a string; give a list of"
                + " names, or put the layers into the expression");
      }
      if (!layersPattern.isEmpty()) {
        throw new PeftException(
            "layers_pattern cannot be used when target_modules is a string; give a list of names,"
                + " or put the layers into the expression");
      }
    }
    if (!layersPattern.isEmpty() && layersToTransform.isEmpty()) {
      throw new PeftException(
          "layers_pattern is %s but layers_to_transform is empty; give both or neither"
              .formatted(layersPattern));
    }
    Set<String> reserved = ConfigKey.names();
    for (String key : unknownKeys.keySet()) {
      if (reserved.contains(key)) {
        throw new PeftException(
            "'" + key + "' is a key of PEFT, not an unknown one; set its value");
      }
    }
  }

  private static void requirePositive(String key, int n) {
    if (n < 1) {
      throw new PeftException(key + " should be a positive integer, but is " + n);
    }
  }

  /** A builder that holds PEFT's defaults. */
  public static FourierFtConfigBuilder builder() {
    return new FourierFtConfigBuilder();
  }

  /** A builder that holds these settings. */
  public FourierFtConfigBuilder toBuilder() {
    return new FourierFtConfigBuilder(this);
  }

  /**
   * Reads a file of at most {@value ConfigReader#MAX_BYTES} bytes.
   *
   * @throws PeftException if it is missing, a git-LFS pointer, not JSON, of another PEFT method, or
   *     holds a value that PEFT would refuse or trip over; the message names file, key and remedy
   * @throws IOException if it cannot be read
   */
  public static ConfigDocument open(Path file) throws IOException {
    return ConfigReader.read(file);
  }

  /**
   * Reads the text of such a file.
   *
   * @param source what to call it in messages
   * @throws PeftException as {@link #open}
   */
  public static ConfigDocument parse(String json, String source) {
    return ConfigReader.parse(json, source);
  }

  /**
   * The text of the file as PEFT writes it: two spaces of indentation, keys sorted at every level,
   * {@code inference_mode} true, no newline at the end.
   */
  public String toJson() {
    return ConfigJson.text(this);
  }

  /** The 64 bits that torch takes the seed for. */
  public long seedBits() {
    return SpectralLocations.seedBits(randomLocSeed);
  }

  /** The class of the model that was adapted, which PEFT notes where there is no task; or null. */
  public @Nullable String baseModelClass() {
    if (autoMapping == null) {
      return null;
    }
    return ConfigReader.tree(autoMapping, "auto_mapping").path("base_model_class").textValue();
  }

  /** Whether biases are part of the adapter. */
  public boolean trainsBiases() {
    return !bias.equals("none");
  }
}
