package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LayerSamples;
import io.fourierft.layer.LinearTape;
import io.fourierft.layer.MergeException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Merged weights of a layer on the device: what they keep in its memory, and when it is given back.
 */
class DeviceLayerMergeTest extends EmulatedLayerTest {
  @Test
  void aMergeThatIsRefusedLeavesNothingBehind() {
    FourierLinear layer = plainLayer(FourierLinearOptions.defaults());
    layer.addAdapter("good", LayerSamples.adapter(OUT, IN, N, 3));
    float[] broken = new float[N];
    broken[3] = Float.NaN;
    layer.addAdapter("broken", LayerSamples.adapter(OUT, IN, N, 4).withSpectrum(broken));
    layer.merge(true, List.of("good"));
    float[] before = floats(layer.weight());
    MergeException refusal =
        assertThrows(MergeException.class, () -> layer.merge(true, List.of("broken")));
    final long memory = emulator.live("memory_bytes");
    assertThrows(MergeException.class, () -> layer.merge(true, List.of("broken")));
    assertTrue(String.valueOf(refusal.getMessage()).contains("The adapter broken seems"));
    // Small tables of launches may be new, but no weight is.
    assertTrue(emulator.live("memory_bytes") < memory + WEIGHT_BYTES);
    assertArrayEquals(before, floats(layer.weight()));
    assertEquals(List.of("good"), layer.mergedAdapters());
    final long held = emulator.live("memory_bytes");
    layer.close();
    assertEquals(held - WEIGHT_BYTES, emulator.live("memory_bytes"));
    layer.close();
  }

  /** A tape keeps the weight that its forward pass used, whatever has become of the layer. */
  @Test
  void aBackwardPassFitsItsForwardPassAfterTheMergedWeightIsReplaced() {
    FourierLinear layer = plainLayer(FourierLinearOptions.defaults());
    layer.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3));
    layer.merge(false);
    DeviceBuffer g = upload(LayerSamples.gaussian(TOKENS, OUT, 6));
    DeviceBuffer before = filled(ElementType.F32, TOKENS, IN, 0);
    DeviceBuffer after = filled(ElementType.F32, TOKENS, IN, 0);
    try (LinearTape tape = layer.newTape(TOKENS)) {
      layer.forward(
          upload(LayerSamples.gaussian(TOKENS, IN, 5)),
          filled(ElementType.F32, TOKENS, OUT, 0),
          tape);
      layer.backward(tape, g, before, Map.of());
      layer.unmerge();
      System.gc();
      layer.backward(tape, g, after, Map.of());
    }
    assertArrayEquals(floats(before), floats(after));
    layer.close();
  }

  /** Repeated merges give back the weights that they replace. */
  @Test
  void mergedWeightsThatNothingUsesAreGivenBack() throws InterruptedException {
    FourierLinear layer = plainLayer(FourierLinearOptions.defaults().withKeepsOriginalWeight(true));
    layer.addAdapter("a", LayerSamples.adapter(OUT, IN, N, 3));
    layer.merge(false);
    layer.unmerge();
    long most = emulator.live("memory_bytes") + 5 * WEIGHT_BYTES;
    for (int i = 0; i < 20; i++) {
      layer.merge(false);
      layer.unmerge();
    }
    for (int i = 0; i < 100 && emulator.live("memory_bytes") >= most; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertTrue(emulator.live("memory_bytes") < most, "merged weights are kept");
    layer.close();
  }

  /** Replaced weights do not count where the device is nearly full. */
  @Test
  void mergesGoOnWhereOnlyReplacedWeightsFillTheDevice() {
    int side = 512;
    FourierLinear layer =
        new FourierLinear(
            engine,
            upload(LayerSamples.gaussian(side, side, 1)),
            null,
            FourierLinearOptions.defaults().withKeepsOriginalWeight(true));
    layer.addAdapter("a", LayerSamples.adapter(side, side, N, 3));
    layer.merge(false);
    layer.unmerge();
    emulator.setMemory(0, emulator.live("memory_bytes") + 3L * side * side * Float.BYTES);
    try {
      for (int i = 0; i < 12; i++) {
        layer.merge(false);
        layer.unmerge();
      }
      // What is used still counts, and what is refused changes nothing.
      layer.merge(false);
      emulator.setMemory(0, emulator.live("memory_bytes"));
      assertThrows(CudaOutOfMemoryException.class, () -> layer.mergedWeight(false, List.of()));
      assertEquals(List.of("a"), layer.mergedAdapters());
    } finally {
      emulator.setMemory(0, 0);
      layer.close();
    }
  }
}
