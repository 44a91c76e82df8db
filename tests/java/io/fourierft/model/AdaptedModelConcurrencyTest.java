package io.fourierft.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.HostMatrix;
import io.fourierft.OneEngineTest;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LayerSamples;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Eight threads compute with a whole model while it is changed: every pass fits one state of it.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AdaptedModelConcurrencyTest extends OneEngineTest {
  private static final Path BASE =
      Path.of(System.getProperty("fourierft.project.dir", ".")).resolve("examples/finetune/base");

  private static final HostMatrix X = LayerSamples.gaussian(1, 64, 5);

  private static FourierFtConfig config(long seed) {
    return FourierFtConfig.builder()
        .targetModules(ModuleSelection.names("q_proj", "v_proj"))
        .nFrequency(20)
        .scaling(3000)
        .randomLocSeed(seed)
        .build();
  }

  private static AdaptedModel open() throws IOException {
    return AdaptedModel.open(
        engine(),
        BASE,
        config(1),
        AdaptedModelOptions.defaults()
            .withLayers(FourierLinearOptions.defaults().withKeepsOriginalWeight(true)));
  }

  /** The outputs of all adapted layers in one pass. */
  private static String outputs(AdaptedModel model, ModelPass pass) {
    pass.begin();
    int[] hashes = new int[model.modulePaths().size()];
    for (int i = 0; i < hashes.length; i++) {
      HostMatrix y = LayerSamples.zeros(1, 64);
      pass.forward(PATHS.get(i), X, y);
      hashes[i] = Arrays.hashCode(LayerSamples.floats(y));
    }
    return Arrays.toString(hashes);
  }

  private static final List<String> PATHS =
      List.of(
          "vit.layers.0.attention.q_proj",
          "vit.layers.0.attention.v_proj",
          "vit.layers.1.attention.q_proj",
          "vit.layers.1.attention.v_proj");

  private static void readWhile(AdaptedModel model, Set<String> allowed, Runnable changes)
      throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    Set<String> seen = ConcurrentHashMap.newKeySet();
    try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
      List<Future<Integer>> readers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        readers.add(
            pool.submit(
                () -> {
                  int passes = 0;
                  try (ModelPass pass = model.newPass()) {
                    do {
                      seen.add(outputs(model, pass));
                      passes++;
                    } while (!over.get());
                  }
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
    seen.removeAll(allowed);
    assertEquals(Set.of(), seen, "a pass saw half of a change");
  }

  @Test
  void noPassSeesHalfOfAChangeOfAdapters() throws Exception {
    try (AdaptedModel model = open();
        ModelPass pass = model.newPass()) {
      Set<String> allowed = ConcurrentHashMap.newKeySet();
      Runnable cycle =
          () -> {
            add(model, "b", 2);
            allowed.add(outputs(model, pass));
            model.setActiveAdapters(List.of("b"));
            allowed.add(outputs(model, pass));
            model.merge(true);
            allowed.add(outputs(model, pass));
            model.unmerge();
            allowed.add(outputs(model, pass));
            model.deleteAdapter("b");
            allowed.add(outputs(model, pass));
          };
      cycle.run();
      assertEquals(3, allowed.size(), "default, b, b merged");
      readWhile(
          model,
          allowed,
          () -> {
            for (int i = 0; i < 30; i++) {
              cycle.run();
            }
          });
    }
  }

  private static void add(AdaptedModel model, String name, long seed) {
    try {
      model.addAdapter(name, config(seed), List.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void noPassSeesHalfOfAStepOfTheTrainer() throws Exception {
    try (AdaptedModel model = open();
        ModelPass own = model.newPass();
        ModelPass pass = model.newPass(1);
        Trainer trainer = model.trainer(0.1, 0, TrainerOptions.defaults())) {
      Set<String> allowed = ConcurrentHashMap.newKeySet();
      allowed.add(outputs(model, own));
      readWhile(
          model,
          allowed,
          () -> {
            for (int step = 0; step < 30; step++) {
              pass.begin();
              for (String path : PATHS) {
                HostMatrix y = LayerSamples.zeros(1, 64);
                pass.forward(path, X, y);
                pass.backward(path, y, null);
              }
              trainer.batchDone();
              allowed.add(outputs(model, own));
            }
          });
      assertEquals(31, allowed.size());
      FourierLinear layer = model.layer(PATHS.getFirst());
      assertEquals(List.of("default"), layer.activeAdapters());
    }
  }
}
