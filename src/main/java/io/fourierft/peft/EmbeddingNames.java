package io.fourierft.peft;

import java.util.Set;

/** The last part of the names that embedding and output layers have in transformers' models. */
final class EmbeddingNames {
  private static final Set<String> INPUT =
      Set.of(
          "embed_tokens",
          "embed_in",
          "embed_positions",
          "embedding",
          "embeddings",
          "position_embeddings",
          "relative_attention_bias",
          "shared",
          "tok_embeddings",
          "token_type_embeddings",
          "word_embeddings",
          "wpe",
          "wte");

  private static final Set<String> TOKENS =
      Set.of(
          "embed_tokens",
          "embed_in",
          "shared",
          "tok_embeddings",
          "token_embedding",
          "tokens_embed",
          "word_embedding",
          "word_embeddings",
          "wte");

  private static final Set<String> OUTPUT = Set.of("lm_head", "embed_out", "output_layer");

  private EmbeddingNames() {}

  /** Whether a module of this name looks tokens or positions up. */
  static boolean isInput(String leaf) {
    return INPUT.contains(leaf);
  }

  /** Whether a module of this name looks tokens up. */
  static boolean isTokens(String leaf) {
    return TOKENS.contains(leaf);
  }

  /** Whether a module of this name gives the scores of the tokens. */
  static boolean isOutput(String leaf) {
    return OUTPUT.contains(leaf);
  }
}
