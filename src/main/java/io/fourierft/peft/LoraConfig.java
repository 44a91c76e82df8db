package io.fourierft.peft;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The settings of a LoRA adapter that stands for a FourierFT one, {@code adapter_config.json}
 * ({@code src/peft/tuners/lora/config.py}): of the same modules of the same model. Every module's
 * {@code alpha} is its rank, so that ΔW is B·A without a factor. Immutable.
 *
 * @param source the FourierFT adapter's settings, of which the modules, the tensors saved beside
 *     them, the base model and the task are taken over
 * @param ranks the rank of every module, by its path
 * @param fanInFanOut whether the base's weights are stored {@code [in, out]}
 */
public record LoraConfig(FourierFtConfig source, Map<String, Integer> ranks, boolean fanInFanOut) {
  /** The {@code peft_type} of these adapters. */
  public static final String PEFT_TYPE = "LORA";

  /** What has a meaning of its own in a pattern; PEFT takes the keys of a pattern for such. */
  private static final String SPECIAL = ".^$*+?{}[]\\|()";

  /**
   * Copies the map.
   *
   * @throws PeftException if there is no module, or a rank is below 1
   */
  public LoraConfig {
    ranks = Collections.unmodifiableMap(new LinkedHashMap<>(ranks));
    if (ranks.isEmpty()) {
      throw new PeftException("there is no module to write; give an adapter that has one");
    }
    ranks.forEach(
        (path, rank) -> {
          if (rank < 1) {
            throw new PeftException(
                "module '%s' has rank %d; it must be at least 1".formatted(path, rank));
          }
        });
  }

  /** The largest rank: {@code r}, which holds for each module that {@link #rankPattern} lacks. */
  public int rank() {
    return Collections.max(ranks.values());
  }

  /** The modules of lower rank: an expression that matches the module alone, and its rank. */
  public Map<String, Integer> rankPattern() {
    Map<String, Integer> pattern = new LinkedHashMap<>();
    ranks.forEach(
        (path, rank) -> {
          if (rank != rank()) {
            pattern.put(expression(path), rank);
          }
        });
    return pattern;
  }

  private static String expression(String path) {
    StringBuilder text = new StringBuilder("^");
    path.chars()
        .forEach(
            c -> {
              if (SPECIAL.indexOf(c) >= 0) {
                text.append('\\');
              }
              text.append((char) c);
            });
    return text.toString();
  }

  /**
   * The text of the file as PEFT writes it: two spaces of indentation, keys sorted, no newline at
   * the end. Where the source leaves the modules to PEFT's default, which is another for LoRA, they
   * are named.
   */
  public String toJson() {
    ModuleSelection named = source.targetModules();
    if (named == null) {
      named = ModuleSelection.names(ranks.keySet().toArray(String[]::new));
    }
    ObjectNode root = ConfigJson.shared(source);
    root.put(ConfigKey.PEFT_TYPE.key(), PEFT_TYPE);
    root.put(ConfigKey.FAN_IN_FAN_OUT.key(), fanInFanOut);
    root.put(ConfigKey.BIAS.key(), source.bias().endsWith("_only") ? "lora_only" : source.bias());
    root.set(ConfigKey.TARGET_MODULES.key(), ConfigJson.selection(named));
    root.put("r", rank());
    root.put("lora_alpha", rank());
    root.put("lora_dropout", 0.0);
    root.put("init_lora_weights", true);
    root.put("use_rslora", false);
    root.put("use_dora", false);
    root.set("rank_pattern", ConfigJson.numbers(rankPattern()));
    root.set("alpha_pattern", ConfigJson.numbers(rankPattern()));
    return ConfigJson.text(root);
  }
}
