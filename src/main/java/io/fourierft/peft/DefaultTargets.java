package io.fourierft.peft;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The modules that PEFT adapts where {@code target_modules} is null, by the base model's {@code
 * model_type} ({@code src/peft/utils/constants.py}, {@code
 * TRANSFORMERS_MODELS_TO_FOURIERFT_TARGET_MODULES_MAPPING}, PEFT 0.21).
 */
final class DefaultTargets {
  private static final ModuleSelection Q_V = ModuleSelection.names("q", "v");
  private static final ModuleSelection Q_V_PROJ = ModuleSelection.names("q_proj", "v_proj");
  private static final ModuleSelection QUERY_VALUE = ModuleSelection.names("query", "value");
  private static final ModuleSelection FUSED = ModuleSelection.names("query_key_value");
  private static final ModuleSelection MLP_OUT = ModuleSelection.names("mlp.c_proj");

  private static final Map<String, ModuleSelection> BY_MODEL_TYPE =
      Map.ofEntries(
          Map.entry("t5", Q_V),
          Map.entry("mt5", Q_V),
          Map.entry("bart", Q_V_PROJ),
          Map.entry("gpt2", MLP_OUT),
          Map.entry("bloom", FUSED),
          Map.entry("blip-2", ModuleSelection.names("q", "v", "q_proj", "v_proj")),
          Map.entry("opt", Q_V_PROJ),
          Map.entry("gptj", Q_V_PROJ),
          Map.entry("gpt_neox", FUSED),
          Map.entry("gpt_neo", Q_V_PROJ),
          Map.entry("bert", QUERY_VALUE),
          Map.entry("roberta", QUERY_VALUE),
          Map.entry("xlm-roberta", QUERY_VALUE),
          Map.entry("electra", QUERY_VALUE),
          Map.entry("deberta-v2", ModuleSelection.names("query_proj", "value_proj")),
          Map.entry("deberta", ModuleSelection.names("in_proj")),
          Map.entry("layoutlm", QUERY_VALUE),
          Map.entry("llama", Q_V_PROJ),
          Map.entry("llama4", Q_V_PROJ),
          Map.entry("chatglm", FUSED),
          Map.entry("gpt_bigcode", MLP_OUT),
          Map.entry("mpt", ModuleSelection.names("Wqkv")),
          Map.entry("RefinedWebModel", FUSED),
          Map.entry("RefinedWeb", FUSED),
          Map.entry("falcon", FUSED),
          Map.entry("btlm", ModuleSelection.names("c_proj", "c_attn")),
          Map.entry("codegen", ModuleSelection.names("qkv_proj")),
          Map.entry("mistral", Q_V_PROJ),
          Map.entry("mixtral", Q_V_PROJ),
          Map.entry("stablelm", Q_V_PROJ),
          Map.entry("phi", ModuleSelection.names("q_proj", "v_proj", "fc1", "fc2")),
          Map.entry("gemma", Q_V_PROJ),
          Map.entry("gemma2", Q_V_PROJ),
          Map.entry("gemma3_text", Q_V_PROJ),
          Map.entry(
              "gemma4", ModuleSelection.expression(".*language_model\\..*\\.(q_proj|v_proj)")),
          Map.entry("qwen2", Q_V_PROJ),
          Map.entry("qwen3", Q_V_PROJ),
          Map.entry("nemotron_h", ModuleSelection.names("q_proj", "k_proj", "v_proj", "o_proj")),
          Map.entry("rwkv", ModuleSelection.names("key", "value", "receptance", "output")),
          Map.entry(
              "rwkv7",
              ModuleSelection.names("r_proj", "k_proj", "v_proj", "o_proj", "key", "value")));

  private DefaultTargets() {}

  /** The default of a model type, or null if PEFT has none. */
  static @Nullable ModuleSelection of(String modelType) {
    return BY_MODEL_TYPE.get(modelType);
  }
}
