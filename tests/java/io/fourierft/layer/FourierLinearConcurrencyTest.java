package io.fourierft.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.AdapterPath;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.OneEngineTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sixteen threads compute while others change the layer: no pass ever sees a half state. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class FourierLinearConcurrencyTest extends OneEngineTest {
  private static final int READERS = 16;
  private static final int CHANGES = 60;
  private static final int SIDE = 24;

  /** Lets 16 readers run until {@code changes} is over and passes on the failure of any. */
  private static void readWhile(Callable<?> read, Runnable changes) throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService pool = Executors.newFixedThreadPool(READERS)) {
      List<Future<Integer>> readers = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        readers.add(
            pool.submit(
                () -> {
                  int passes = 0;
                  do {
                    read.call();
                    passes++;
                  } while (!over.get());
                  return passes;
                }));
      }
      try {
        changes.run();
      } finally {
        over.set(true);
      }
      for (Future<Integer> reader : readers) {
        assertTrue(reader.get() > 0);
      }
    }
  }

  private static FourierLinear layer(FourierLinearOptions options) {
    return new FourierLinear(
        engine(), LayerSamples.put(LayerSamples.gaussian(SIDE, SIDE, 1)), null, options);
  }

  private static boolean among(float[] y, List<float[]> allowed) {
    return allowed.stream().anyMatch(one -> Arrays.equals(y, one));
  }

  @Test
  void readersSeeOneOfTheStatesWhileAdaptersAreAddedAndDeleted() throws Exception {
    FourierLinear layer =
        layer(
            FourierLinearOptions.defaults()
                .withDeltaCacheBytes(LayerSamples.isOnHost() ? 4096 : 0));
    FourierAdapter first = LayerSamples.adapter(SIDE, SIDE, 30, 2);
    FourierAdapter second = LayerSamples.adapter(SIDE, SIDE, 50, 3);
    HostMatrix x = LayerSamples.gaussian(2, SIDE, 4);
    List<float[]> allowed = new ArrayList<>();
    layer.addAdapter("first", first);
    allowed.add(LayerSamples.forward(layer, x));
    layer.addAdapter("second", second);
    layer.setActiveAdapters(List.of("first", "second"));
    allowed.add(LayerSamples.forward(layer, x));
    layer.deleteAdapter("first");
    allowed.add(LayerSamples.forward(layer, x));
    layer.deleteAdapter("second");
    allowed.add(LayerSamples.forward(layer, x));
    readWhile(
        () -> {
          assertTrue(among(LayerSamples.forward(layer, x), allowed), "a half state was seen");
          return null;
        },
        () -> {
          for (int i = 0; i < CHANGES; i++) {
            layer.addAdapter("first", first);
            layer.addAdapter("second", second);
            layer.setActiveAdapters(List.of("first", "second"));
            layer.deleteAdapter("first");
            layer.deleteAdapter("second");
          }
        });
    assertEquals(List.of(), layer.adapterNames());
  }

  @Test
  void readersSeeTheWeightBeforeOrAfterAMerge() throws Exception {
    FourierLinear layer = layer(FourierLinearOptions.defaults().withKeepsOriginalWeight(true));
    layer.addAdapter("a", LayerSamples.adapter(SIDE, SIDE, 30, 2));
    HostMatrix x = LayerSamples.gaussian(2, SIDE, 4);
    List<float[]> allowed = new ArrayList<>();
    allowed.add(LayerSamples.forward(layer, x));
    layer.merge(true);
    allowed.add(LayerSamples.forward(layer, x));
    layer.unmerge();
    readWhile(
        () -> {
          assertTrue(among(LayerSamples.forward(layer, x), allowed), "a half merge was seen");
          return null;
        },
        () -> {
          for (int i = 0; i < CHANGES; i++) {
            layer.merge(true);
            layer.unmerge();
          }
        });
  }

  @Test
  void readersSeeWholeSpectra() throws Exception {
    FourierLinear layer = layer(FourierLinearOptions.defaults().withPath(AdapterPath.SPECTRAL));
    layer.addAdapter("a", LayerSamples.adapter(SIDE, SIDE, 30, 2));
    HostMatrix x = LayerSamples.gaussian(1, SIDE, 4);
    List<float[]> spectra = new ArrayList<>();
    List<float[]> allowed = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      spectra.add(LayerSamples.floats(LayerSamples.gaussian(1, 30, 10 + i)));
      layer.updateSpectrum("a", spectra.get(i));
      allowed.add(LayerSamples.forward(layer, x));
    }
    readWhile(
        () -> {
          assertTrue(among(LayerSamples.forward(layer, x), allowed), "a mixed spectrum was seen");
          return null;
        },
        () -> {
          for (int i = 0; i < CHANGES; i++) {
            layer.updateSpectrum("a", spectra.get(i % 5));
          }
        });
  }

  @Test
  void writersOnManyThreadsLoseNoChange() throws Exception {
    FourierLinear layer = layer(FourierLinearOptions.defaults());
    FourierAdapter adapter = LayerSamples.adapter(SIDE, SIDE, 5, 2);
    try (ExecutorService pool = Executors.newFixedThreadPool(READERS)) {
      List<Future<?>> writers = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        int number = i;
        writers.add(
            pool.submit(
                () -> {
                  for (int j = 0; j < 20; j++) {
                    layer.addAdapter("kept" + number + "_" + j, adapter);
                    layer.addAdapter("gone" + number, adapter);
                    layer.renameAdapter("gone" + number, "left" + number);
                    layer.deleteAdapter("left" + number);
                  }
                }));
      }
      for (Future<?> writer : writers) {
        writer.get();
      }
    }
    assertEquals(READERS * 20, layer.adapterNames().size());
  }
}
