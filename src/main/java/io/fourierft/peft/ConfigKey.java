package io.fourierft.peft;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The keys of {@code adapter_config.json} that PEFT has for FourierFT. */
enum ConfigKey {
  AUTO_MAPPING,
  BASE_MODEL_NAME_OR_PATH,
  BIAS,
  EXCLUDE_MODULES,
  FAN_IN_FAN_OUT,
  INFERENCE_MODE,
  INIT_WEIGHTS,
  LAYERS_PATTERN,
  LAYERS_TO_TRANSFORM,
  MODULES_TO_SAVE,
  N_FREQUENCY,
  N_FREQUENCY_PATTERN,
  PEFT_TYPE,
  PEFT_VERSION,
  RANDOM_LOC_SEED,
  REVISION,
  SCALING,
  TARGET_MODULES,
  TASK_TYPE;

  private static final Set<String> NAMES =
      Arrays.stream(values()).map(ConfigKey::key).collect(Collectors.toUnmodifiableSet());

  /** The key in the file. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** All keys. */
  static Set<String> names() {
    return NAMES;
  }
}
