package io.fourierft.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.training.TrainingMemory;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ExpressivenessExperimentTest {
  private static FourierEngine engine;

  @BeforeAll
  static void open() {
    engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(1));
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @Test
  void sameSeedGivesTheSameCurvesAndAnotherSeedDoesNot() {
    ExpressivenessExperiment experiment = new ExpressivenessExperiment(engine, 12);
    assertArrayEquals(experiment.lowRank(3).accuracy(), experiment.lowRank(3).accuracy());
    assertArrayEquals(experiment.fourier(3).accuracy(), experiment.fourier(3).accuracy());
    assertFalse(Arrays.equals(experiment.fourier(3).accuracy(), experiment.fourier(4).accuracy()));
  }

  @Test
  void bothMethodsTrainAsManyNumbersFromTheSameStart() {
    ExpressivenessExperiment experiment = new ExpressivenessExperiment(engine, 1);
    AccuracyCurve lowRank = experiment.lowRank(5);
    AccuracyCurve fourier = experiment.fourier(5);
    assertEquals(128, lowRank.trainableNumbers());
    assertEquals(128, fourier.trainableNumbers());
    assertEquals(lowRank.accuracy(0), fourier.accuracy(0));
    assertEquals(2, lowRank.size());
  }

  @Test
  void fourierFitsThePointsWhereRankOneIsStillFarFromIt() {
    ExpressivenessExperiment experiment = new ExpressivenessExperiment(engine, 250);
    assertTrue(experiment.fourier(0).firstPerfectEpoch() > 0);
    assertEquals(-1, experiment.lowRank(0).firstPerfectEpoch());
    assertTrue(experiment.lowRank(0).best() < 0.95f);
  }

  @Test
  void lowRankGradientsAgreeWithDifferences() {
    HostMatrix weight = gaussian(4, 3, 1);
    HostMatrix bias = gaussian(1, 4, 2);
    HostMatrix x = gaussian(5, 3, 3);
    HostMatrix g = gaussian(5, 4, 4);
    HostMatrix y = Matrix.of(new float[20], 5, 4);
    try (LowRankAdapted layer = new LowRankAdapted(engine, weight, bias, new Random(7), 5)) {
      layer.forward(x, y);
      layer.backward(g);
      TrainingMemory memory = TrainingMemory.host(engine);
      float[] a = memory.read(layer.trainable().getFirst().values());
      // B is zero at first, so the loss Σ y·g depends on A not at all, and on B by A·x.
      assertArrayEquals(new float[3], memory.read(layer.trainable().getFirst().gradient()));
      float[] up = memory.read(layer.trainable().getLast().gradient());
      for (int p = 0; p < 4; p++) {
        double expected = 0;
        for (int t = 0; t < 5; t++) {
          for (int q = 0; q < 3; q++) {
            expected += a[q] * x.get(t, q) * g.get(t, p);
          }
        }
        assertEquals(expected, up[p], 1e-5);
      }
    }
  }

  private static HostMatrix gaussian(int rows, int cols, long seed) {
    Random random = new Random(seed);
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Matrix.of(values, rows, cols);
  }
}
