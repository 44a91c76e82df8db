package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterPath;
import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.TokenSpectrum;
import io.fourierft.internal.host.LittleEndian;
import io.fourierft.internal.host.ScratchArray;
import io.fourierft.internal.host.ScratchArrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The arithmetic of a layer's passes: 64 bits against the definition, and memory that is lent. */
class HostPassTest extends LayerTest {
  private static final int TOKENS = 7;

  /** A matrix of 64 bits that holds nothing yet. */
  private static HostMatrix unwritten(int rows, int cols) {
    HostMatrix matrix = LayerSamples.zeros(ElementType.F64, rows, cols);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        matrix.data().set(LittleEndian.DOUBLE, matrix.byteOffset(r, c), Double.NaN);
      }
    }
    return matrix;
  }

  @ParameterizedTest
  @EnumSource(
      value = AdapterPath.class,
      names = {"SPECTRAL", "DENSE"})
  void sixtyFourBitsAgreeWithTheDefinition(AdapterPath path) {
    FourierLinear layer =
        layer(ElementType.F64, FourierLinearOptions.defaults().withPath(path), "a");
    double[] weight = LayerSamples.doubles(layer.weight());
    double[] bias = LayerSamples.doubles(layer.bias());
    float[] delta = LayerSamples.floats(engine().deltaWeight(layer.adapter("a")));
    HostMatrix x = input(ElementType.F64);
    double[] in = LayerSamples.doubles(x);
    HostMatrix y = unwritten(TOKENS, OUT);
    layer.forward(x, y);
    HostMatrix base = unwritten(TOKENS, OUT);
    layer.disableAdapters();
    layer.forward(x, base);
    layer.enableAdapters();
    for (int t = 0; t < TOKENS; t++) {
      for (int r = 0; r < OUT; r++) {
        double plain = bias[r];
        double adapted = 0;
        for (int c = 0; c < IN; c++) {
          plain += weight[r * IN + c] * in[t * IN + c];
          adapted += delta[r * IN + c] * in[t * IN + c];
        }
        assertEquals(plain, LayerSamples.doubles(base)[t * OUT + r], 1e-12);
        assertEquals(plain + adapted, LayerSamples.doubles(y)[t * OUT + r], 1e-4);
      }
    }
    try (LinearTape tape = layer.newTape(TOKENS)) {
      layer.forward(x, unwritten(TOKENS, OUT), tape);
      HostMatrix g = LayerSamples.gaussian(ElementType.F64, TOKENS, OUT, 4);
      double[] upstream = LayerSamples.doubles(g);
      HostMatrix gx = unwritten(TOKENS, IN);
      HostMatrix gradient = LayerSamples.zeros(1, N);
      layer.backward(tape, g, gx, Map.of("a", gradient));
      for (int t = 0; t < TOKENS; t++) {
        for (int c = 0; c < IN; c++) {
          double sum = 0;
          for (int r = 0; r < OUT; r++) {
            sum += (weight[r * IN + c] + delta[r * IN + c]) * upstream[t * OUT + r];
          }
          assertEquals(sum, LayerSamples.doubles(gx)[t * IN + c], 1e-4);
        }
      }
      assertArrayEquals(gradientInSinglePrecision(g), LayerSamples.floats(gradient), 1e-4f);
    }
  }

  private static float[] gradientInSinglePrecision(HostMatrix g) {
    FourierLinear layer = layer("a");
    HostMatrix narrow = LayerSamples.gaussian(TOKENS, OUT, 4);
    for (int t = 0; t < TOKENS; t++) {
      for (int r = 0; r < OUT; r++) {
        narrow.set(t, r, (float) g.data().get(LittleEndian.DOUBLE, g.byteOffset(t, r)));
      }
    }
    HostMatrix gradient = LayerSamples.zeros(1, N);
    try (LinearTape tape = layer.newTape(TOKENS)) {
      HostMatrix x = input(ElementType.F64);
      HostMatrix in = LayerSamples.zeros(TOKENS, IN);
      for (int t = 0; t < TOKENS; t++) {
        for (int c = 0; c < IN; c++) {
          in.set(t, c, (float) x.data().get(LittleEndian.DOUBLE, x.byteOffset(t, c)));
        }
      }
      layer.forward(in, LayerSamples.zeros(TOKENS, OUT), tape);
      layer.backward(tape, narrow, null, Map.of("a", gradient));
    }
    return LayerSamples.floats(gradient);
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void whatIsLentIsGivenBack(ElementType type) {
    AdapterRouting routing = AdapterRouting.all(adapter(5));
    HostMatrix weight = LayerSamples.gaussian(type, OUT, IN, 1);
    HostMatrix bias = LayerSamples.gaussian(type, 1, OUT, 2);
    for (AdapterPath path : new AdapterPath[] {AdapterPath.SPECTRAL, AdapterPath.DENSE}) {
      Set<ScratchArray> lent = Collections.newSetFromMap(new IdentityHashMap<>());
      ScratchArrays scratch = new ScratchArrays();
      for (int i = 0; i < 12; i++) {
        ScratchArray array = new ScratchArray(10_000);
        lent.add(array);
        scratch.give(array);
      }
      HostPass pass =
          new HostPass(engine(), FourierLinearOptions.defaults().withPath(path), scratch, null);
      LayerState state = LayerState.of(LayerWeight.given(weight), bias);
      HostMatrix x = input(type);
      HostMatrix y = LayerSamples.zeros(type, TOKENS, OUT);
      TrainedAdapters trained = new TrainedAdapters();
      trained.set(
          routing, List.of("a"), Map.of("a", LayerSamples.zeros(1, adapter(5).nFrequency())));
      try (TokenSpectrum input = engine().newTokenSpectrum(TOKENS, IN);
          TokenSpectrum upstream = engine().newTokenSpectrum(TOKENS, OUT)) {
        pass.forward(state, routing, x, y, input);
        pass.transform(y, upstream);
        pass.backward(state, routing, y, input, upstream, x, trained);
      }
      for (int i = 0; i < 12; i++) {
        assertTrue(lent.remove(scratch.take(10_000)), path + ": one was kept");
      }
    }
  }

  @Test
  void whatIsTooLargeForAnArrayIsNotBuilt() {
    int side = 1 << 16;
    FourierAdapter huge =
        FourierAdapter.of(
            io.fourierft.SpectralLocations.of(side, side, new int[] {1}, new int[] {2}),
            new float[] {1},
            1);
    CountingEngine counting = new CountingEngine(engine());
    AdapterBranch branch =
        new AdapterBranch(
            counting.engine(),
            FourierLinearOptions.defaults()
                .withCostModel(CountingEngine.dense())
                .withDeltaCacheBytes(Long.MAX_VALUE),
            new DenseBranch(
                engine(),
                engine().denseProduct(1),
                new ScratchArrays(),
                new DeltaCache(Long.MAX_VALUE)));
    assertEquals(AdapterPath.SPECTRAL, branch.path(AdapterRouting.all(huge), 4, true));
    assertEquals(AdapterPath.DENSE, branch.path(AdapterRouting.all(adapter(5)), 4, true));
  }
}
