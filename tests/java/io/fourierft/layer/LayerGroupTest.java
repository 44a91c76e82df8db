package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.CapturedLog;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.OneEngineTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Layers of one group change together or not at all. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class LayerGroupTest extends OneEngineTest {
  private static final int SIDE = 8;
  private static final int LAYERS = 5;
  private static final HostMatrix X = LayerSamples.gaussian(2, SIDE, 9);

  private final LayerGroup group = new LayerGroup();
  private final List<FourierLinear> layers = new ArrayList<>();

  LayerGroupTest() {
    FourierLinearOptions options = FourierLinearOptions.defaults().withKeepsOriginalWeight(true);
    for (int i = 0; i < LAYERS; i++) {
      layers.add(
          new FourierLinear(engine(), LayerSamples.gaussian(SIDE, SIDE, i), null, options, group));
    }
  }

  private static FourierAdapter adapter(int i) {
    return LayerSamples.adapter(SIDE, SIDE, 5, 100 + i);
  }

  private void addToAll(String name) {
    group.exchange(
        () -> {
          for (int i = 0; i < LAYERS; i++) {
            layers.get(i).addAdapter(name, adapter(i));
          }
        });
  }

  @Test
  void anExchangeThatFailsHalfWayChangesNothing() {
    addToAll("a");
    layers.get(3).addAdapter("b", adapter(3));
    LayerGroup.Moment before = group.moment();
    AdapterNameException refused = assertThrows(AdapterNameException.class, () -> addToAll("b"));
    assertTrue(refused.getMessage().contains("'b' already exists"), refused.getMessage());
    assertEquals(before, group.moment());
    for (int i = 0; i < LAYERS; i++) {
      assertEquals(i == 3 ? List.of("a", "b") : List.of("a"), layers.get(i).adapterNames());
    }
    // And the names that were added to the draft are free.
    layers.get(3).deleteAdapter("b");
    addToAll("b");
    assertEquals(List.of("a", "b"), layers.getFirst().adapterNames());
  }

  @Test
  void aPartThatFailsAndIsCaughtLeavesTheRestOfItsExchange() {
    group.exchange(
        () -> {
          layers.get(0).addAdapter("a", adapter(0));
          assertThrows(
              IllegalStateException.class,
              () ->
                  group.exchange(
                      () -> {
                        layers.get(1).addAdapter("a", adapter(1));
                        throw new IllegalStateException("made to fail");
                      }));
          assertEquals(List.of("a"), layers.get(0).adapterNames(), "its own change is seen");
          assertEquals(List.of(), layers.get(1).adapterNames());
        });
    assertEquals(List.of("a"), layers.get(0).adapterNames());
    assertEquals(List.of(), layers.get(1).adapterNames());
  }

  @Test
  void aLayerAtAMomentComputesAsItDidAndRefusesChanges() {
    addToAll("a");
    FourierLinear layer = layers.get(2);
    LayerGroup.Moment moment = group.moment();
    float[] before = LayerSamples.forward(layer, X);
    layer.merge(true);
    layer.unmerge();
    layer.updateSpectrum("a", new float[5]);
    FourierLinear past = layer.at(moment);
    assertArrayEquals(before, LayerSamples.forward(past, X));
    assertFalse(Arrays.equals(before, LayerSamples.forward(layer, X)));
    FourierException refused = assertThrows(FourierException.class, () -> past.merge(true));
    assertTrue(refused.getMessage().contains("change the layer itself"), refused.getMessage());
    assertThrows(FourierException.class, () -> past.addAdapter("b", adapter(0)));
    FourierException other =
        assertThrows(FourierException.class, () -> layer.at(new LayerGroup().moment()));
    assertTrue(other.getMessage().contains("another group"), other.getMessage());
  }

  @Test
  void aTapeIsTheSameForALayerAndForWhatItWas() {
    addToAll("a");
    FourierLinear layer = layers.get(1);
    HostMatrix y = LayerSamples.zeros(2, SIDE);
    HostMatrix gradient = LayerSamples.zeros(1, 5);
    HostMatrix again = LayerSamples.zeros(1, 5);
    try (LinearTape tape = layer.newTape(2)) {
      layer.at(group.moment()).forward(X, y, tape);
      layer.backward(tape, y, null, Map.of("a", gradient));
      layer.forward(X, y, tape);
      layer.backward(tape, y, null, Map.of("a", again));
    }
    assertArrayEquals(LayerSamples.floats(gradient), LayerSamples.floats(again));
  }

  @Test
  void aLayerThatJoinsDuringAnExchangeStaysThough() {
    List<FourierLinear> joined = new ArrayList<>();
    LayerGroup.Moment before = group.moment();
    assertThrows(
        IllegalStateException.class,
        () ->
            group.exchange(
                () ->
                    group.exchange(
                        () -> {
                          joined.add(
                              new FourierLinear(
                                  engine(),
                                  LayerSamples.gaussian(SIDE, SIDE, 7),
                                  null,
                                  FourierLinearOptions.defaults(),
                                  group));
                          joined.getFirst().addAdapter("a", adapter(0));
                          throw new IllegalStateException("made to fail");
                        })));
    FourierLinear layer = joined.getFirst();
    assertEquals(List.of(), layer.adapterNames());
    layer.addAdapter("a", adapter(0));
    assertEquals(List.of("a"), layer.adapterNames());
    assertEquals(List.of(), layer.at(before).adapterNames());
    assertEquals(List.of(), layers.getLast().adapterNames());
  }

  @Test
  void aWarningOfManyLayersIsLoggedOnce() {
    addToAll("a");
    List<String> logged =
        CapturedLog.of(
            FourierLinear.class,
            () -> group.exchange(() -> layers.forEach(FourierLinear::unmerge)));
    assertEquals(List.of("WARNING Already unmerged. Nothing to do."), logged);
  }

  /** Readers of moments: in each of them all layers have the same adapters, flags and merges. */
  @Test
  void noMomentIsHalfOfAnExchange() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
      List<Future<Integer>> readers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        readers.add(
            pool.submit(
                () -> {
                  int moments = 0;
                  do {
                    LayerGroup.Moment moment = group.moment();
                    FourierLinear first = layers.getFirst().at(moment);
                    for (FourierLinear layer : layers) {
                      FourierLinear then = layer.at(moment);
                      assertEquals(first.adapterNames(), then.adapterNames());
                      assertEquals(first.activeAdapters(), then.activeAdapters());
                      assertEquals(first.mergedAdapters(), then.mergedAdapters());
                    }
                    moments++;
                  } while (!over.get());
                  return moments;
                }));
      }
      try {
        for (int i = 0; i < 60; i++) {
          addToAll("a");
          addToAll("b");
          group.exchange(() -> layers.forEach(layer -> layer.merge(true, List.of("b"))));
          group.exchange(
              () -> {
                layers.forEach(FourierLinear::unmerge);
                layers.forEach(layer -> layer.deleteAdapter("a"));
              });
          group.exchange(() -> layers.forEach(layer -> layer.deleteAdapter("b")));
        }
      } finally {
        over.set(true);
      }
      for (Future<Integer> reader : readers) {
        assertTrue(reader.get() > 0);
      }
    }
  }
}
