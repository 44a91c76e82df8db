package io.fourierft.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class SpectrumTrainerTest {
  private static final AdamWOptions OPTIONS = AdamWOptions.defaults().withLearningRate(0.05);

  @TempDir Path folder;

  private static List<TrainableSpectrum> spectra() {
    return List.of(
        TrainableSpectrum.of("layers.0", SpectrumInitialization.standardNormal(5, 1)),
        TrainableSpectrum.of("layers.1", SpectrumInitialization.zeros(3)));
  }

  private static SpectrumTrainer trainer(List<TrainableSpectrum> spectra) {
    return new SpectrumTrainer(
        new AdamW(spectra, OPTIONS), LearningRateSchedule.cosine(2, 20), 3, 1.5);
  }

  /** Runs batches {@code from} to {@code to − 1}, whose gradients depend on their number alone. */
  private static void run(SpectrumTrainer trainer, int from, int to) {
    for (int batch = from; batch < to; batch++) {
      Random random = new Random(batch);
      for (TrainableSpectrum spectrum : trainer.optimizer().spectra()) {
        for (int k = 0; k < spectrum.nFrequency(); k++) {
          float sum = spectrum.gradientMatrix().get(0, k) + (float) random.nextGaussian();
          spectrum.gradientMatrix().set(0, k, sum);
        }
      }
      trainer.endBatch();
    }
  }

  @Test
  void resumedTrainingIsBitForBitTheUninterruptedOne() throws IOException {
    // 10 batches end in the middle of an accumulation of three.
    SpectrumTrainer whole = trainer(spectra());
    run(whole, 0, 25);
    SpectrumTrainer first = trainer(spectra());
    run(first, 0, 10);
    assertEquals(1, first.gatheredBatches());
    Path file = folder.resolve("state.safetensors");
    first.save(file);

    List<TrainableSpectrum> fresh =
        List.of(
            TrainableSpectrum.of("layers.0", new float[5]),
            TrainableSpectrum.of("layers.1", new float[3]));
    SpectrumTrainer second = trainer(fresh);
    second.restore(file);
    run(second, 10, 25);
    for (int i = 0; i < fresh.size(); i++) {
      assertArrayEquals(whole.optimizer().spectra().get(i).values(), fresh.get(i).values());
      assertArrayEquals(whole.optimizer().firstMoment(i), second.optimizer().firstMoment(i));
      assertArrayEquals(whole.optimizer().secondMoment(i), second.optimizer().secondMoment(i));
    }
    assertEquals(whole.optimizer().steps(), second.optimizer().steps());
    Path one = folder.resolve("one.safetensors");
    Path other = folder.resolve("other.safetensors");
    whole.save(one);
    second.save(other);
    assertEquals(-1, Files.mismatch(one, other));
  }

  @Test
  void gatheredGradientsAreAveraged() {
    TrainableSpectrum once = TrainableSpectrum.of("s", new float[] {1, 2});
    TrainableSpectrum parts = TrainableSpectrum.of("s", new float[] {1, 2});
    SpectrumTrainer single =
        new SpectrumTrainer(
            new AdamW(List.of(once), OPTIONS),
            LearningRateSchedule.constant(),
            1,
            Double.POSITIVE_INFINITY);
    SpectrumTrainer gathering =
        new SpectrumTrainer(
            new AdamW(List.of(parts), OPTIONS),
            LearningRateSchedule.constant(),
            2,
            Double.POSITIVE_INFINITY);
    once.gradientMatrix().set(0, 0, 3);
    assertTrue(single.endBatch());
    parts.gradientMatrix().set(0, 0, 2);
    assertFalse(gathering.endBatch());
    parts.gradientMatrix().set(0, 0, 6);
    assertTrue(gathering.endBatch());
    assertArrayEquals(once.values(), parts.values());
    assertArrayEquals(new float[2], parts.gradient());
    assertEquals(3, gathering.lastGradientNorm(), 1e-6);
  }

  @Test
  void gradientThatIsNotFiniteMakesNoStep() {
    List<TrainableSpectrum> spectra = spectra();
    SpectrumTrainer trainer =
        new SpectrumTrainer(new AdamW(spectra, OPTIONS), LearningRateSchedule.constant(), 1, 1.0);
    float[] before = spectra.getFirst().values();
    spectra.getFirst().gradientMatrix().set(0, 0, Float.NaN);
    FourierException refusal = assertThrows(FourierException.class, trainer::endBatch);
    assertTrue(String.valueOf(refusal.getMessage()).contains("norm is NaN"));
    assertArrayEquals(before, spectra.getFirst().values());
    assertArrayEquals(new float[5], spectra.getFirst().gradient());
    assertEquals(0, trainer.optimizer().steps());
  }

  @Test
  void gradientBelowTheLimitIsLeftAlone() {
    List<TrainableSpectrum> spectra = spectra();
    spectra.getFirst().gradientMatrix().set(0, 0, 0.3f);
    spectra.getLast().gradientMatrix().set(0, 2, 0.4f);
    assertEquals(0.5, GradientClipping.byGlobalNorm(spectra, 1), 1e-7);
    assertEquals(0.3f, spectra.getFirst().gradient()[0]);
    assertEquals(0.4f, spectra.getLast().gradient()[2]);
  }

  @Test
  void stateOfAnotherTrainingIsRefusedAndChangesNothing() throws IOException {
    Path file = folder.resolve("state.safetensors");
    SpectrumTrainer source = trainer(spectra());
    run(source, 0, 4);
    source.save(file);

    List<TrainableSpectrum> renamed =
        List.of(TrainableSpectrum.of("layers.9", new float[5]), spectra().getLast());
    refuses("but what is trained is", () -> trainer(renamed).restore(file));
    List<TrainableSpectrum> longer =
        List.of(TrainableSpectrum.of("layers.0", new float[6]), spectra().getLast());
    refuses("must be F32 [6]", () -> trainer(longer).restore(file));
    assertArrayEquals(new float[6], longer.getFirst().values());
    SpectrumTrainer otherRate =
        new SpectrumTrainer(
            new AdamW(spectra(), OPTIONS.withWeightDecay(0.5)),
            LearningRateSchedule.constant(),
            3,
            1.5);
    refuses("its weight_decay is 0.01, but this training's is 0.5", () -> otherRate.restore(file));
    assertEquals(0, otherRate.optimizer().steps());
  }

  @Test
  void initializationIsZerosOrSeededNormals() {
    assertArrayEquals(new float[4], SpectrumInitialization.zeros(4));
    float[] normal = SpectrumInitialization.standardNormal(20_000, 7);
    assertArrayEquals(normal, SpectrumInitialization.standardNormal(20_000, 7));
    double mean = 0;
    double square = 0;
    for (float value : normal) {
      mean += value / normal.length;
      square += value * value / normal.length;
    }
    assertEquals(0, mean, 0.03);
    assertEquals(1, square, 0.05);
    assertFalse(normal[0] == SpectrumInitialization.standardNormal(1, 8)[0]);
  }

  @Test
  void hyperparametersOutOfRangeAreRefused() {
    refuses("beta2 is 1.0", () -> AdamWOptions.defaults().withBetas(0.9, 1));
    refuses("learningRate is -1.0", () -> AdamWOptions.defaults().withLearningRate(-1));
    refuses("epsilon is NaN", () -> AdamWOptions.defaults().withEpsilon(Double.NaN));
    refuses("at least one spectrum", () -> new AdamW(List.of(), OPTIONS));
    TrainableSpectrum twin = TrainableSpectrum.of("twin", new float[1]);
    refuses("named 'twin'", () -> new AdamW(List.of(twin, twin), OPTIONS));
    refuses("cannot have a warm-up of 5", () -> LearningRateSchedule.linear(5, 4));
    refuses("largest gradient norm is 0", () -> GradientClipping.byGlobalNorm(spectra(), 0));
    refuses("`n_frequency` should be a positive", () -> SpectrumInitialization.zeros(0));
    refuses(
        "batchesPerStep is 0",
        () ->
            new SpectrumTrainer(
                new AdamW(spectra(), OPTIONS), LearningRateSchedule.constant(), 0, 1));
  }

  private static void refuses(String words, Executable call) {
    FourierException refusal = assertThrows(FourierException.class, call);
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains(words), message);
  }
}
