package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** A whole part that an adapter leaves alone is no error; one module among its peers is. */
class ModelPartsTest {
  private static final List<String> ADAPTED =
      List.of(
          "model.layers.0.self_attn.q_proj",
          "model.layers.1.self_attn.q_proj",
          "model.layers.1.self_attn.v_proj",
          "model.layers.0.mlp.up_proj");

  private final ModelParts parts = new ModelParts(ADAPTED, OptionalLong.of(2));

  @Test
  void wholePartsAreLeftAlone() {
    assertTrue(parts.isLeftAlone("model.layers.1.mlp.experts.3.up_proj"));
    assertTrue(parts.isLeftAlone("model.layers.2.self_attn.q_proj"));
    assertTrue(parts.isLeftAlone("model.layers.2.mlp.experts.0.up_proj"));
    assertTrue(parts.isLeftAlone("mtp.layers.0.self_attn.q_proj"));
    assertTrue(parts.isLeftAlone("vision_tower.layers.0.self_attn.q_proj"));
    assertTrue(parts.isLeftAlone("lm_head"));
  }

  @Test
  void modulesAmongTheirPeersAreMissed() {
    assertFalse(parts.isLeftAlone("model.layers.0.self_attn.v_proj"));
    assertFalse(parts.isLeftAlone("model.layers.1.mlp.up_proj"));
    assertFalse(parts.isLeftAlone("model.layers.0.mlp.gate_proj"));
    ModelParts unknown = new ModelParts(ADAPTED, OptionalLong.empty());
    assertFalse(unknown.isLeftAlone("model.layers.2.self_attn.q_proj"));
    ModelParts deeper =
        new ModelParts(List.of("model.layers.2.self_attn.q_proj"), OptionalLong.of(2));
    assertFalse(deeper.isLeftAlone("model.layers.2.self_attn.v_proj"));
    ModelParts experts =
        new ModelParts(List.of("model.layers.0.mlp.experts.0.w1"), OptionalLong.of(2));
    assertFalse(experts.isLeftAlone("model.layers.0.mlp.experts.1.w1"));
    ModelParts flat = new ModelParts(List.of("lin0"), OptionalLong.empty());
    assertFalse(flat.isLeftAlone("lin1"));
  }
}
