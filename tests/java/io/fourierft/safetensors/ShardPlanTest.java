package io.fourierft.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShardPlanTest {
  private static List<TensorDeclaration> ofSizes(long... sizes) {
    return IntStream.range(0, sizes.length)
        .mapToObj(i -> new TensorDeclaration("t" + i, DType.U8, List.of(sizes[i])))
        .toList();
  }

  private static List<List<Long>> sizes(ShardPlan plan) {
    return plan.shards().stream()
        .map(shard -> shard.tensors().stream().map(TensorDeclaration::sizeInBytes).toList())
        .toList();
  }

  @Test
  void whatFitsIsOneFileOfThePlainName() {
    ShardPlan plan = ShardPlan.of(ofSizes(4, 0, 6), 10);
    assertEquals(List.of(List.of(4L, 0L, 6L)), sizes(plan));
    assertEquals("model.safetensors", plan.shards().getFirst().fileName());
    assertFalse(plan.isSharded());
  }

  @Test
  void noTensorsAreOneEmptyFile() {
    assertEquals(List.of(List.of()), sizes(ShardPlan.of(List.of(), 10)));
  }

  @Test
  void shardsFillInOrderUpToTheLimit() {
    ShardPlan plan = ShardPlan.of(ofSizes(5, 5, 1, 10, 9, 2), 10);
    assertEquals(
        List.of(List.of(5L, 5L), List.of(1L), List.of(10L), List.of(9L), List.of(2L)), sizes(plan));
    assertEquals("model-00002-of-00005.safetensors", plan.weightMap().get("t2"));
    assertTrue(plan.isSharded());
    assertEquals(32, plan.totalSizeInBytes());
    assertEquals(10, plan.shards().getFirst().sizeInBytes());
  }

  @Test
  void aTensorAboveTheLimitGetsAShardOfItsOwn() {
    assertEquals(
        List.of(List.of(11L), List.of(4L, 6L), List.of(1L)),
        sizes(ShardPlan.of(ofSizes(4, 11, 6, 1), 10)));
  }

  @Test
  void sizesNearTheLimitsOfLongDoNotOverflow() {
    long huge = 1L << 59;
    assertEquals(
        List.of(List.of(huge, huge), List.of(huge)),
        sizes(ShardPlan.of(ofSizes(huge, huge, huge), 2 * huge)));
  }

  @Test
  void aLimitThatIsNotPositiveIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> ShardPlan.of(List.of(), 0));
  }
}
