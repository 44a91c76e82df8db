package io.fourierft.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a trainer does wherever its parameters are: it steps, is interrupted, and goes on. */
public abstract class TrainerContract extends TrainerStepContract {
  /** Ten batches end in the middle of an accumulation of three. */
  @Test
  void resumedTrainingIsTheUninterruptedOneToTheBit() throws IOException {
    Path whole = folder.resolve("whole.safetensors");
    Path middle = folder.resolve("middle.safetensors");
    Path resumed = folder.resolve("resumed.safetensors");
    try (Trainer trainer = trainer(OPTIONS)) {
      run(memory(), trainer, 0, 25);
      trainer.save(whole);
    }
    try (Trainer trainer = trainer(OPTIONS)) {
      run(memory(), trainer, 0, 10);
      assertEquals(1, trainer.gatheredBatches());
      trainer.save(middle);
    }
    try (Trainer trainer = trainer(OPTIONS)) {
      run(memory(), trainer, 40, 44);
      trainer.restore(middle);
      assertEquals(1, trainer.gatheredBatches());
      assertEquals(3, trainer.steps());
      run(memory(), trainer, 10, 25);
      trainer.save(resumed);
    }
    assertEquals(-1, Files.mismatch(whole, resumed));
  }

  /** Straight, in the middle of an accumulation, and after a skipped step. */
  @Test
  void theFileIsThatOfTheHostToTheBitAndEitherGoesOnWithTheOthers() throws IOException {
    TrainerOptions options = OPTIONS.withNonFinite(NonFiniteGradients.SKIP);
    TrainingMemory host = TrainingMemory.host(memory().engine());
    Path mine = folder.resolve("mine.safetensors");
    Path hosts = folder.resolve("hosts.safetensors");
    Path crossed = folder.resolve("crossed.safetensors");
    try (Trainer trainer = trainer(options);
        Trainer other = Trainer.of(host.engine(), groups(host), options)) {
      for (int part = 0; part < 3; part++) {
        if (part == 1) {
          spoil(memory(), trainer);
          spoil(host, other);
        }
        run(memory(), trainer, 7 * part, 7 * part + 7);
        run(host, other, 7 * part, 7 * part + 7);
        trainer.save(mine);
        other.save(hosts);
        assertEquals(-1, Files.mismatch(mine, hosts), "after part " + part);
      }
      assertEquals(1, trainer.skippedSteps());
      assertEquals(6, trainer.steps());
      try (Trainer mineFromHosts = trainer(options);
          Trainer hostsFromMine = Trainer.of(host.engine(), groups(host), options)) {
        mineFromHosts.restore(hosts);
        hostsFromMine.restore(mine);
        run(memory(), mineFromHosts, 21, 30);
        run(host, hostsFromMine, 21, 30);
        mineFromHosts.save(mine);
        hostsFromMine.save(crossed);
        assertEquals(-1, Files.mismatch(mine, crossed));
      }
    }
  }

  /** On a device the refusal is heard of later, but nothing was done in between. */
  @Test
  void aRefusedStepStopsTrainingUntilTheCallerKnows() throws IOException {
    Path refused = folder.resolve("refused.safetensors");
    Path never = folder.resolve("never.safetensors");
    try (Trainer trainer = trainer(OPTIONS.withBatchesPerStep(1))) {
      run(memory(), trainer, 0, 2);
      float[] before = values(trainer, 1);
      spoil(memory(), trainer);
      NonFiniteGradientException refusal =
          assertThrows(
              NonFiniteGradientException.class,
              () -> {
                trainer.batchDone();
                run(memory(), trainer, 2, 4);
                settle();
                trainer.batchDone();
              });
      assertContains("step 3 was refused", refusal);
      assertArrayEquals(before, values(trainer, 1));
      assertArrayEquals(new float[1500], memory().read(parameters(trainer).get(1).gradient()));
      assertEquals(0, trainer.gatheredBatches());
      assertEquals(1, trainer.refusedSteps());
      assertEquals(2, trainer.steps());
      run(memory(), trainer, 2, 4);
      trainer.save(refused);
    }
    try (Trainer trainer = trainer(OPTIONS.withBatchesPerStep(1))) {
      run(memory(), trainer, 0, 4);
      trainer.save(never);
      assertEquals(4, trainer.steps());
    }
    try (Trainer one = trainer(OPTIONS.withBatchesPerStep(1));
        Trainer other = trainer(OPTIONS.withBatchesPerStep(1))) {
      one.restore(refused);
      other.restore(never);
      assertEquals(1, one.refusedSteps());
      assertArrayEquals(values(other, 0), values(one, 0));
      assertArrayEquals(values(other, 2), values(one, 2));
      run(memory(), one, 4, 5);
    }
  }

  @Test
  void aLearningRateMayChangeOnTheWayAndOnResumeOnlyIfSaid() throws IOException {
    Path file = folder.resolve("state.safetensors");
    try (Trainer trainer = trainer(OPTIONS)) {
      trainer.setLearningRate("head", 0.02);
      run(memory(), trainer, 0, 6);
      assertEquals(0.02 * OPTIONS.schedule().factor(2), trainer.learningRate("head"));
      trainer.save(file);
    }
    try (Trainer trainer = trainer(OPTIONS)) {
      float[] before = values(trainer, 0);
      refuses(
          "its learning_rate of group head is 0.02, but this training's is 0.01; to go on with"
              + " that of this training, restore with MayDiffer.LEARNING_RATE",
          () -> trainer.restore(file));
      refuses("restored here", () -> trainer.restore(file, MayDiffer.WEIGHT_DECAY));
      assertArrayEquals(before, values(trainer, 0));
      assertEquals(0, trainer.steps());
      trainer.restore(file, MayDiffer.LEARNING_RATE);
      assertEquals(2, trainer.steps());
      assertEquals(0.01 * OPTIONS.schedule().factor(2), trainer.learningRate("head"));
    }
    LearningRateSchedule longer = LearningRateSchedule.cosine(2, 40);
    try (Trainer trainer = trainer(OPTIONS.withSchedule(longer))) {
      trainer.setLearningRate("head", 0.02);
      refuses("its total_steps is 20, but this training's is 40", () -> trainer.restore(file));
      trainer.restore(file, MayDiffer.TOTAL_STEPS);
      assertEquals(0.05 * longer.factor(2), trainer.learningRate("spectra"));
    }
    try (Trainer trainer = trainer(OPTIONS.withSchedule(LearningRateSchedule.constant()))) {
      trainer.setLearningRate("head", 0.02);
      trainer.setWeightDecay("spectra", 0.5);
      refuses("its schedule is cosine", () -> trainer.restore(file, MayDiffer.TOTAL_STEPS));
      refuses(
          "its weight_decay of group spectra is 0.0",
          () -> trainer.restore(file, MayDiffer.SCHEDULE));
      trainer.restore(file, MayDiffer.SCHEDULE, MayDiffer.WEIGHT_DECAY);
      assertEquals(0.05, trainer.learningRate("spectra"));
    }
  }

  @Test
  void aStateOfAnotherTrainingIsRefusedAndChangesNothing() throws IOException {
    Path file = folder.resolve("state.safetensors");
    try (Trainer trainer = trainer(OPTIONS)) {
      run(memory(), trainer, 0, 4);
      trainer.save(file);
    }
    refusesToRestore("its beta2 is 0.999, but", file, OPTIONS.withBetas(0.9, 0.95));
    refusesToRestore("its epsilon is 1.0E-8, but", file, OPTIONS.withEpsilon(1e-6));
    refusesToRestore("its batches_per_step is 3, but", file, OPTIONS.withBatchesPerStep(4));
    refusesToRestore("its max_gradient_norm is 1.5", file, OPTIONS.withMaxGradientNorm(2));
    refusesToRestore(
        "its non_finite_gradients is REFUSE", file, OPTIONS.withNonFinite(NonFiniteGradients.SKIP));
    refusesToRestore(
        "its gradient_division is", file, OPTIONS.withDivision(GradientDivision.GATHERED_BATCHES));
    List<ParameterGroup> groups = groups(memory());
    List<ParameterGroup> moved =
        List.of(
            new ParameterGroup("spectra", groups.getFirst().parameters().subList(0, 1), 0.05, 0),
            new ParameterGroup(
                "head",
                List.of(
                    groups.getFirst().parameters().get(1),
                    groups.getLast().parameters().getFirst()),
                0.01,
                0.1));
    try (Trainer trainer = Trainer.of(memory().engine(), moved, OPTIONS)) {
      refuses(
          "its group of parameter layers.1 is spectra, but this training's is head",
          () -> trainer.restore(file, MayDiffer.values()));
    }
    List<ParameterGroup> longer =
        List.of(
            new ParameterGroup(
                "spectra",
                List.of(
                    memory().spectrum("layers.0", new float[6]),
                    memory().spectrum("layers.1", new float[1500])),
                0.05,
                0),
            new ParameterGroup(
                "head",
                List.of(
                    memory()
                        .tensor("head", new float[HEAD_ROWS * HEAD_COLS], HEAD_ROWS, HEAD_COLS)),
                0.01,
                0.1));
    try (Trainer trainer = Trainer.of(memory().engine(), longer, OPTIONS)) {
      refuses("must be F32 [6]", () -> trainer.restore(file));
      assertEquals(0, trainer.steps());
      assertArrayEquals(new float[6], values(trainer, 0));
    }
  }

  private void refusesToRestore(String words, Path file, TrainerOptions options) {
    try (Trainer trainer = trainer(options)) {
      float[] before = values(trainer, 2);
      refuses(words, () -> trainer.restore(file, MayDiffer.values()));
      assertArrayEquals(before, values(trainer, 2));
      assertEquals(0, trainer.steps());
    }
  }

  /** Moments and step come from another trainer by hand, with no file in between. */
  @Test
  void parametersMomentsAndStepCanBeReadAndWritten() throws IOException {
    Path one = folder.resolve("one.safetensors");
    Path other = folder.resolve("other.safetensors");
    try (Trainer from = trainer(OPTIONS);
        Trainer to = trainer(OPTIONS)) {
      run(memory(), from, 0, 9);
      for (int i = 0; i < 3; i++) {
        TrainableParameter source = parameters(from).get(i);
        TrainableParameter target = parameters(to).get(i);
        memory().write(memory().read(source.values()), target.values());
        memory().write(memory().read(from.firstMoment(source)), to.firstMoment(target));
        memory().write(memory().read(from.secondMoment(source)), to.secondMoment(target));
      }
      to.setSteps(3);
      run(memory(), from, 9, 14);
      run(memory(), to, 9, 14);
      from.save(one);
      to.save(other);
      assertEquals(-1, Files.mismatch(one, other));
      refuses("not trained by this trainer", () -> to.firstMoment(parameters(from).getFirst()));
      refuses("number of steps is -1", () -> to.setSteps(-1));
    }
  }
}
