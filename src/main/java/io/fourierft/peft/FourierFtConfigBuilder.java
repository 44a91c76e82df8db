package io.fourierft.peft;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Collects the settings of a {@link FourierFtConfig}; unset ones have PEFT's defaults. */
public final class FourierFtConfigBuilder {
  private int nFrequency = 1000;
  private double scaling = 150.0;
  private BigInteger randomLocSeed = BigInteger.valueOf(777);
  private @Nullable ModuleSelection targetModules;
  private @Nullable ModuleSelection excludeModules;
  private boolean fanInFanOut;
  private String bias = "none";
  private List<String> modulesToSave = List.of();
  private List<Integer> layersToTransform = List.of();
  private List<String> layersPattern = List.of();
  private Map<String, Integer> nFrequencyPattern = Map.of();
  private boolean initWeights;
  private boolean inferenceMode;
  private @Nullable String baseModelNameOrPath;
  private @Nullable String revision;
  private @Nullable String taskType;
  private @Nullable String autoMapping;
  private @Nullable String peftVersion;
  private Map<String, String> unknownKeys = Map.of();

  FourierFtConfigBuilder() {}

  FourierFtConfigBuilder(FourierFtConfig config) {
    nFrequency = config.nFrequency();
    scaling = config.scaling();
    randomLocSeed = config.randomLocSeed();
    targetModules = config.targetModules();
    excludeModules = config.excludeModules();
    fanInFanOut = config.fanInFanOut();
    bias = config.bias();
    modulesToSave = config.modulesToSave();
    layersToTransform = config.layersToTransform();
    layersPattern = config.layersPattern();
    nFrequencyPattern = config.nFrequencyPattern();
    initWeights = config.initWeights();
    inferenceMode = config.inferenceMode();
    baseModelNameOrPath = config.baseModelNameOrPath();
    revision = config.revision();
    taskType = config.taskType();
    autoMapping = config.autoMapping();
    peftVersion = config.peftVersion();
    unknownKeys = config.unknownKeys();
  }

  /** Coefficients of each layer; 1000 unless set. */
  public FourierFtConfigBuilder nFrequency(int value) {
    nFrequency = value;
    return this;
  }

  /** Factor on ΔW; 150 unless set. */
  public FourierFtConfigBuilder scaling(double value) {
    scaling = value;
    return this;
  }

  /** Seed of the places; 777 unless set. */
  public FourierFtConfigBuilder randomLocSeed(BigInteger value) {
    randomLocSeed = value;
    return this;
  }

  /** Seed of the places; 777 unless set. */
  public FourierFtConfigBuilder randomLocSeed(long value) {
    return randomLocSeed(BigInteger.valueOf(value));
  }

  /** The adapted modules; null for PEFT's default. */
  public FourierFtConfigBuilder targetModules(@Nullable ModuleSelection value) {
    targetModules = value;
    return this;
  }

  /** Modules not to adapt; null for none. */
  public FourierFtConfigBuilder excludeModules(@Nullable ModuleSelection value) {
    excludeModules = value;
    return this;
  }

  /** Whether weights are stored {@code [in, out]}. */
  public FourierFtConfigBuilder fanInFanOut(boolean value) {
    fanInFanOut = value;
    return this;
  }

  /** {@code none}, {@code all}, or a word that ends in {@code _only}. */
  public FourierFtConfigBuilder bias(String value) {
    bias = value;
    return this;
  }

  /** Modules stored whole. */
  public FourierFtConfigBuilder modulesToSave(List<String> value) {
    modulesToSave = value;
    return this;
  }

  /** Layer indices to adapt; empty for all. */
  public FourierFtConfigBuilder layersToTransform(List<Integer> value) {
    layersToTransform = value;
    return this;
  }

  /** Names of the layer list. */
  public FourierFtConfigBuilder layersPattern(List<String> value) {
    layersPattern = value;
    return this;
  }

  /** Coefficients of particular layers; the map's order is kept. */
  public FourierFtConfigBuilder nFrequencyPattern(Map<String, Integer> value) {
    nFrequencyPattern = value;
    return this;
  }

  /** Whether a new adapter starts at zero. */
  public FourierFtConfigBuilder initWeights(boolean value) {
    initWeights = value;
    return this;
  }

  /** What the file said; saving writes true. */
  public FourierFtConfigBuilder inferenceMode(boolean value) {
    inferenceMode = value;
    return this;
  }

  /** The base model's name or path. */
  public FourierFtConfigBuilder baseModelNameOrPath(@Nullable String value) {
    baseModelNameOrPath = value;
    return this;
  }

  /** The base model's revision. */
  public FourierFtConfigBuilder revision(@Nullable String value) {
    revision = value;
    return this;
  }

  /** One of {@link FourierFtConfig#TASK_TYPES}, or null. */
  public FourierFtConfigBuilder taskType(@Nullable String value) {
    taskType = value;
    return this;
  }

  /** A JSON object as text, or null. */
  public FourierFtConfigBuilder autoMapping(@Nullable String value) {
    autoMapping = value;
    return this;
  }

  /** The PEFT that wrote the file, or null. */
  public FourierFtConfigBuilder peftVersion(@Nullable String value) {
    peftVersion = value;
    return this;
  }

  /** Keys that PEFT does not have, with their values as JSON text. */
  public FourierFtConfigBuilder unknownKeys(Map<String, String> value) {
    unknownKeys = value;
    return this;
  }

  /**
   * The settings.
   *
   * @throws PeftException if one is out of range or two contradict each other
   */
  public FourierFtConfig build() {
    return new FourierFtConfig(
        nFrequency,
        scaling,
        randomLocSeed,
        targetModules,
        excludeModules,
        fanInFanOut,
        bias,
        modulesToSave,
        layersToTransform,
        layersPattern,
        nFrequencyPattern,
        initWeights,
        inferenceMode,
        baseModelNameOrPath,
        revision,
        taskType,
        autoMapping,
        peftVersion,
        unknownKeys);
  }
}
