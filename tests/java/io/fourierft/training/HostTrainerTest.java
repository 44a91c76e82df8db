package io.fourierft.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.MergeException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HostTrainerTest extends TrainerContract {
  private FourierEngine engine;
  private TrainingMemory memory;

  @BeforeEach
  void open() {
    engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu"));
    memory = TrainingMemory.host(engine);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Override
  protected TrainingMemory memory() {
    return memory;
  }

  @Override
  protected void settle() {
    // A step of the host is done when the call returns.
  }

  private FourierLinear layer() {
    FourierLinear layer =
        new FourierLinear(
            engine, Matrix.of(new float[6 * 4], 6, 4), null, FourierLinearOptions.defaults());
    layer.addAdapter(
        "default", FourierAdapter.of(SpectralLocations.of(6, 4, 3, 1), numbers(3, 1), 10));
    return layer;
  }

  /** Both layers are as before, also the one that would have taken the values. */
  @Test
  void aMergedAdapterStopsTheStepBeforeItIsMade() throws IOException {
    FourierLinear free = layer();
    FourierLinear merged = layer();
    TrainableSpectrum first = TrainableSpectrum.of("free", free, "default");
    TrainableSpectrum second = TrainableSpectrum.of("merged", merged, "default");
    try (Trainer trainer =
        Trainer.of(
            engine,
            List.of(ParameterGroup.of("all", List.of(first, second), 0.1)),
            TrainerOptions.defaults())) {
      memory.write(numbers(3, 2), first.gradient());
      memory.write(numbers(3, 3), second.gradient());
      merged.merge(false);
      MergeException refusal = assertThrows(MergeException.class, trainer::batchDone);
      assertEquals(
          "adapter 'default' of layer 'merged' is merged, so it cannot be trained; unmerge it"
              + " first",
          refusal.getMessage());
      assertArrayEquals(numbers(3, 1), free.adapter("default").spectrum());
      assertArrayEquals(numbers(3, 1), first.spectrum());
      assertEquals(0, trainer.steps());
      merged.unmerge();
      trainer.batchDone();
      assertEquals(1, trainer.steps());
      assertArrayEquals(first.spectrum(), free.adapter("default").spectrum());
      assertFalse(first.spectrum()[0] == numbers(3, 1)[0]);
      Path file = folder.resolve("state.safetensors");
      trainer.save(file);
      merged.merge(false);
      assertThrows(MergeException.class, () -> trainer.restore(file));
      merged.unmerge();
      trainer.restore(file);
      assertEquals(1, trainer.steps());
    }
  }

  /** Whoever takes the values fails: some have them, some do not. */
  @Test
  void aFailureInTheMiddleSpoilsTheTrainerUntilItIsRestored() throws IOException {
    boolean[] failing = {false};
    HostMatrix values = Matrix.of(numbers(4, 1), 2, 2);
    HostMatrix gradient = Matrix.of(numbers(4, 2), 2, 2);
    TrainableTensor tensor =
        TrainableTensor.of(
            "head",
            values,
            gradient,
            taken -> {
              if (failing[0]) {
                throw new IllegalStateException("cannot take them");
              }
            });
    Path file = folder.resolve("state.safetensors");
    try (Trainer trainer =
        Trainer.of(
            engine,
            List.of(ParameterGroup.of("all", List.of(tensor), 0.1)),
            TrainerOptions.defaults())) {
      trainer.save(file);
      failing[0] = true;
      assertThrows(IllegalStateException.class, trainer::batchDone);
      refuses("spoilt; restore a saved state", trainer::batchDone);
      refuses("spoilt; restore a saved state", trainer::finishEpoch);
      refuses("spoilt; restore a saved state", () -> trainer.save(file));
      assertThrows(IllegalStateException.class, () -> trainer.restore(file));
      refuses("spoilt; restore a saved state", trainer::batchDone);
      failing[0] = false;
      trainer.restore(file);
      assertArrayEquals(numbers(4, 1), memory.read(values));
      assertArrayEquals(numbers(4, 2), memory.read(gradient));
      trainer.batchDone();
      assertEquals(1, trainer.steps());
    }
  }

  @Test
  void memoryThatIsGoneIsRefusedBeforeAnythingIsChanged() {
    float[] first = numbers(4, 1);
    TrainableTensor kept = TrainableTensor.of("kept", Matrix.of(first, 2, 2));
    Trainer trainer;
    float[] before;
    try (Arena arena = Arena.ofConfined()) {
      HostMatrix memoryOfArena = Matrix.of(arena.allocate(16, 4), ElementType.F32, 2, 2);
      TrainableTensor lost = TrainableTensor.of("lost", memoryOfArena);
      trainer =
          Trainer.of(
              engine,
              List.of(ParameterGroup.of("all", List.of(kept, lost), 0.1)),
              TrainerOptions.defaults());
      trainer.batchDone();
      before = first.clone();
    }
    memory.write(numbers(4, 3), kept.gradient());
    refuses("the memory of tensor 'lost' of 2 x 2 cannot be used", trainer::batchDone);
    assertArrayEquals(before, first);
    assertEquals(1, trainer.steps());
    trainer.close();
  }

  @Test
  void tensorsThatCannotBeTrainedAreRefused() {
    HostMatrix values = Matrix.of(new float[8], 2, 4);
    refuses("name that is not blank", () -> TrainableTensor.of(" ", values));
    refuses(
        "the values of tensor 'w' are BF16; what is trained must be F32",
        () ->
            TrainableTensor.of(
                "w", Matrix.of(MemorySegment.ofArray(new short[8]), ElementType.BF16, 2, 4)));
    refuses(
        "rows of 3 at a stride of 4",
        () -> TrainableTensor.of("w", Matrix.of(new float[8], 0, 2, 3, 4)));
    refuses(
        "read-only memory",
        () ->
            TrainableTensor.of(
                "w",
                Matrix.of(
                    MemorySegment.ofArray(new float[8]).asReadOnly(), ElementType.F32, 2, 4)));
    refuses("has no rows", () -> TrainableTensor.of("w", Matrix.of(new float[8], 0, 4)));
    refuses(
        "the gradient of tensor 'w' is 4 x 2, but its values are 2 x 4",
        () -> TrainableTensor.of("w", values, Matrix.of(new float[8], 4, 2)));
    refuses("overlaps its values", () -> TrainableTensor.of("w", values, values));
    refuses("no coefficients to train", () -> TrainableSpectrum.of("s", new float[0]));
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    refuses("beta2 is 1.0", () -> TrainerOptions.defaults().withBetas(0.9, 1));
    refuses("beta1 is NaN", () -> TrainerOptions.defaults().withBetas(Double.NaN, 0.9));
    refuses("epsilon is NaN", () -> TrainerOptions.defaults().withEpsilon(Double.NaN));
    refuses("epsilon is 1.0E-50", () -> TrainerOptions.defaults().withEpsilon(1e-50));
    refuses("batchesPerStep is 0", () -> TrainerOptions.defaults().withBatchesPerStep(0));
    refuses("maxGradientNorm is 0.0", () -> TrainerOptions.defaults().withMaxGradientNorm(0));
    refuses("cannot have a warm-up of 5", () -> LearningRateSchedule.linear(5, 4));
  }
}
