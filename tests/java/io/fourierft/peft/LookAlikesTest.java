package io.fourierft.peft;

import static io.fourierft.peft.PeftSamples.base;
import static io.fourierft.peft.PeftSamples.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.safetensors.TensorInfo;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which modules of a base may be one that it seems to lack. */
class LookAlikesTest {
  private static final Map<String, List<Long>> KERNEL = Map.of("weight", List.of(2L, 8L));

  private static List<String> of(String module, Set<String> claimed, TensorInfo... tensors) {
    return new LookAlikes(base("{}", tensors), claimed).of(module, "weight", KERNEL, false);
  }

  private static TensorInfo kernel(String module) {
    return tensor(module + ".weight", 2, 8);
  }

  @Test
  void oneOfTheSameSizeThatTheAdapterDoesNotSpeakOf() {
    TensorInfo other = tensor("head.wide.weight", 2, 9);
    assertEquals(List.of("head.fc"), of("neck.fc", Set.of(), kernel("head.fc"), other));
    assertEquals(List.of(), of("neck.fc", Set.of("head.fc.weight"), kernel("head.fc"), other));
    // Of the part that holds it the adapter has another module.
    assertEquals(List.of(), of("neck.fc", Set.of("head.a.b.weight"), kernel("head.fc"), other));
  }

  @Test
  void aTensorThatStandsInNoModuleIsOneTooUnlessItIsClaimed() {
    assertEquals(List.of(""), of("neck", Set.of(), tensor("weight", 2, 8)));
    assertEquals(List.of(), of("neck", Set.of("weight"), tensor("weight", 2, 8)));
  }

  @Test
  void itStandsInThePartWhereTheNewOneWould() {
    TensorInfo[] base = {kernel("neck.first.fc"), kernel("neck.fc"), kernel("tail.fc")};
    assertEquals(List.of("neck.first.fc", "neck.fc"), of("neck.second.fc", Set.of(), base));
    assertEquals(List.of("neck.fc"), of("neck.second.fc", Set.of("neck.first.norm.weight"), base));
    assertEquals(
        List.of("neck.first.fc", "neck.fc"),
        of("neck.second.fc", Set.of("neck.third.norm.weight"), base));
    assertEquals(
        List.of("neck.first.fc", "neck.fc", "tail.fc"), of("far.second.fc", Set.of(), base));
  }

  /** One of many alike is told apart from the new one by its numbers. */
  @Test
  void ofAStackTheOneWithTheSameNumbers() {
    TensorInfo[] stack = {kernel("layers.0.fc"), kernel("layers.1.fc")};
    assertEquals(List.of("layers.1.fc"), of("blocks.1.fc", Set.of(), stack));
    assertEquals(List.of(), of("blocks.2.fc", Set.of(), stack));
    assertEquals(List.of(), of("blocks.fc", Set.of(), stack));
    assertEquals(List.of("layers.1.fc"), of("b.1.fc1", Set.of(), stack), "fc1 is no number");
    // A weight and a bias are no stack.
    assertEquals(
        List.of("layers.0.fc"),
        of("blocks.2.fc", Set.of(), kernel("layers.0.fc"), tensor("layers.0.fc.bias", 2)));
  }

  @Test
  void anInputEmbeddingIsNoOutputOfAnotherName() {
    TensorInfo[] base = {kernel("embed_tokens"), kernel("unembed")};
    assertEquals(List.of("unembed"), of("lm_head", Set.of(), base));
    assertEquals(List.of("embed_tokens", "unembed"), of("projector", Set.of(), base));
  }

  /** Vectors of one length are everywhere, so the whole module must be alike. */
  @Test
  void aVectorIsAlikeWithItsModuleOrByItsOwnName() {
    LookAlikes alikes =
        new LookAlikes(
            base(
                "{}",
                tensor("norm.weight", 8),
                tensor("norm.bias", 8),
                tensor("cell.weight", 8),
                tensor("cell.gamma", 8)),
            Set.of());
    List<Long> eight = List.of(8L);
    Map<String, List<Long>> norm = Map.of("weight", eight, "bias", eight);
    assertEquals(List.of("norm"), alikes.of("ln", "weight", norm, false));
    assertEquals(List.of("norm"), alikes.of("ln", "bias", norm, false));
    assertEquals(List.of(), alikes.of("ln", "weight", Map.of("weight", eight), false));
    assertEquals(List.of("cell"), alikes.of("ln", "gamma", Map.of("gamma", eight), false));
    assertEquals(List.of(), alikes.of("ln", "beta", Map.of("gamma", eight), false), "no such");
  }

  @Test
  void whereNewModulesAreExpectedOnlyOneThatMovedIsDoubtful() {
    LookAlikes alikes =
        new LookAlikes(base("{}", kernel("model.projector"), kernel("head")), Set.of());
    assertEquals(List.of("model.projector"), alikes.of("projector", "weight", KERNEL, true));
    assertEquals(
        List.of("model.projector", "head"), alikes.of("projector", "weight", KERNEL, false));
    LookAlikes shorter = new LookAlikes(base("{}", kernel("projector")), Set.of());
    assertEquals(List.of("projector"), shorter.of("model.projector", "weight", KERNEL, true));
  }
}
