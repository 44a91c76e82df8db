package io.fourierft.peft;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Names of transformers' classes: that of an adapter's model, and what a name says of a head. */
public final class HeadClass {
  private static final List<String> LANGUAGE_MODELS =
      List.of(
          "CausalLM",
          "LMHeadModel",
          "ConditionalGeneration",
          "MaskedLM",
          "PreTraining",
          "DoubleHeadsModel",
          "Seq2SeqLM",
          "WithLMHead",
          "ForTextToSpeech",
          "ForSpeechToText");

  private HeadClass() {}

  /**
   * The class that an adapter was made on: PEFT notes it where there is no task, and a task gives
   * it for a model type that transformers knows. Null if it does not follow.
   */
  public static @Nullable String of(FourierFtConfig config, ModelConfig base) {
    String noted = config.baseModelClass();
    if (noted != null) {
      return ModelFacts.isKnown(base.modelType()) ? noted : null;
    }
    return ModelFacts.headClass(config.taskType(), base.modelType());
  }

  /**
   * The modules with a weight that a class has beside the bare model, by their paths; empty if that
   * is not known.
   */
  public static List<String> modules(String className) {
    return ModelFacts.headModules(className);
  }

  /** Whether a class of this name scores tokens. */
  public static boolean isLanguageModel(String className) {
    return LANGUAGE_MODELS.stream().anyMatch(className::contains);
  }
}
