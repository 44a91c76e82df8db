package io.fourierft.peft;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.WeightLayout;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What tells how a square weight is stored, and what does not. */
class LayoutEvidenceTest {
  private final List<TensorInfo> tensors = new ArrayList<>();

  /** A layer of a Linear or, with {@code conv1d}, the same stored the other way round. */
  private void layer(String name, int out, int in, boolean conv1d) {
    add(name + ".weight", conv1d ? List.of((long) in, (long) out) : List.of((long) out, (long) in));
    add(name + ".bias", List.of((long) out));
  }

  private void add(String name, List<Long> shape) {
    long size = 4 * shape.stream().reduce(1L, (a, b) -> a * b);
    tensors.add(new TensorInfo(name, DType.F32, shape, 0, size));
  }

  private Optional<WeightLayout> layout(String module, String config) {
    BaseModel base = BaseModel.of(tensors, ModelConfig.parse(config, "config.json"));
    return base.layout(requireNonNull(base.modules().get(module)));
  }

  @Test
  void theNearestInTheSameLayerTell() {
    layer("encoder.layer.0.attention.query", 8, 8, false);
    layer("encoder.layer.0.intermediate", 12, 8, false);
    layer("decoder.h.0.attn.c_attn", 24, 8, true);
    layer("decoder.h.0.attn.c_proj", 8, 8, true);
    layer("decoder.h.0.mlp.c_fc", 8, 8, true);
    assertEquals(Optional.of(WeightLayout.OUT_IN), layout("encoder.layer.0.attention.query", "{}"));
    assertEquals(Optional.of(WeightLayout.IN_OUT), layout("decoder.h.0.attn.c_proj", "{}"));
    assertEquals(Optional.of(WeightLayout.IN_OUT), layout("decoder.h.0.mlp.c_fc", "{}"));
  }

  @Test
  void theSameModuleOfAnotherLayerTells() {
    layer("stages.0.proj", 8, 8, false);
    layer("stages.1.proj", 16, 8, false);
    assertEquals(Optional.of(WeightLayout.OUT_IN), layout("stages.0.proj", "{}"));
  }

  @Test
  void theSameModuleGoesBeforeItsBrothersAndThoseBeforeWhatIsBelowThem() {
    layer("layers.0.q", 8, 8, false);
    layer("layers.1.q", 16, 8, false);
    layer("layers.1.c", 16, 8, true);
    assertEquals(Optional.of(WeightLayout.OUT_IN), layout("layers.0.q", "{}"));
    layer("h.0.attn.q", 8, 8, false);
    layer("h.0.attn.k", 16, 8, false);
    layer("h.0.attn.inner.c", 16, 8, true);
    assertEquals(Optional.of(WeightLayout.OUT_IN), layout("h.0.attn.q", "{}"));
  }

  @Test
  void whatStandsOutsideTheLayerTellsNothing() {
    layer("head", 8, 8, false);
    layer("model.layers.0.q", 12, 8, true);
    assertEquals(Optional.empty(), layout("head", "{}"));
  }

  @Test
  void neighboursOfBothKindsTellNothing() {
    layer("layers.0.square", 8, 8, false);
    layer("layers.0.linear", 12, 8, false);
    layer("layers.0.conv", 12, 8, true);
    assertEquals(Optional.empty(), layout("layers.0.square", "{}"));
  }

  @Test
  void theModelTypeOfThePartTells() {
    layer("encoder.layer.0.query", 8, 8, false);
    layer("decoder.h.0.mlp.c_fc", 8, 8, true);
    String parts =
        """
        {"model_type": "encoder-decoder",
         "encoder": {"model_type": "bert"}, "decoder": {"model_type": "gpt2"}}
        """;
    assertEquals(Optional.of(WeightLayout.OUT_IN), layout("encoder.layer.0.query", parts));
    assertEquals(Optional.of(WeightLayout.IN_OUT), layout("decoder.h.0.mlp.c_fc", parts));
    assertEquals(
        Optional.empty(), layout("encoder.layer.0.query", "{\"model_type\": \"of my own\"}"));
  }

  @Test
  void aModuleWithoutABiasIsALinear() {
    add("layers.0.q.weight", List.of(8L, 8L));
    assertEquals(Optional.of(WeightLayout.OUT_IN), layout("layers.0.q", "{}"));
  }
}
