package io.fourierft.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.FourierException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How a trainer steps wherever its parameters are. */
public abstract class TrainerStepContract {
  protected static final int HEAD_ROWS = 30;
  protected static final int HEAD_COLS = 91;

  /** By which a value of the reference changes in a step. */
  private static final float LARGEST_STEP = 0.02f;

  /** Three in a step, clipped, on a schedule. */
  protected static final TrainerOptions OPTIONS =
      TrainerOptions.defaults()
          .withSchedule(LearningRateSchedule.cosine(2, 20))
          .withBatchesPerStep(3)
          .withMaxGradientNorm(1.5);

  @TempDir protected Path folder;

  /** Where it trains. */
  protected abstract TrainingMemory memory();

  /** Waits until what was enqueued is done; nothing to wait for on the host. */
  protected abstract void settle();

  /** Two spectra and a head of more than one segment, in two groups. */
  protected static List<ParameterGroup> groups(TrainingMemory memory) {
    return List.of(
        new ParameterGroup(
            "spectra",
            List.of(
                memory.spectrum("layers.0", numbers(5, 1)),
                memory.spectrum("layers.1", new float[1500])),
            0.05,
            0),
        new ParameterGroup(
            "head",
            List.of(memory.tensor("head", numbers(HEAD_ROWS * HEAD_COLS, 2), HEAD_ROWS, HEAD_COLS)),
            0.01,
            0.1));
  }

  /** Standard normal numbers. */
  protected static float[] numbers(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** All parameters of all groups. */
  protected static List<TrainableParameter> parameters(Trainer trainer) {
    List<TrainableParameter> all = new ArrayList<>();
    trainer.groups().forEach(group -> all.addAll(group.parameters()));
    return all;
  }

  /** Adds to the gradients what batch {@code batch} gives, which depends on its number alone. */
  protected static void addGradients(TrainingMemory memory, Trainer trainer, int batch) {
    int seed = 100 * batch;
    for (TrainableParameter parameter : parameters(trainer)) {
      float[] sum = memory.read(parameter.gradient());
      float[] added = numbers(sum.length, seed++);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += added[i];
      }
      memory.write(sum, parameter.gradient());
    }
  }

  /** Runs batches {@code from} to {@code to - 1}. */
  protected static void run(TrainingMemory memory, Trainer trainer, int from, int to) {
    for (int batch = from; batch < to; batch++) {
      addGradients(memory, trainer, batch);
      trainer.batchDone();
    }
  }

  /** One that trains {@link #groups}. */
  protected Trainer trainer(TrainerOptions options) {
    return Trainer.of(memory().engine(), groups(memory()), options);
  }

  /** The numbers of a parameter. */
  protected float[] values(Trainer trainer, int index) {
    return memory().read(parameters(trainer).get(index).values());
  }

  private static JsonNode reference() {
    try (InputStream file =
        Objects.requireNonNull(
            TrainerStepContract.class.getResourceAsStream("/training/trainer_reference.json"))) {
      return new ObjectMapper().readTree(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Stream<Named<JsonNode>> torchLoops() {
    return reference().get("loops").valueStream().map(r -> Named.of(r.get("name").asText(), r));
  }

  /**
   * To the last places: torch's square root is that of its mathematics library (MKL's is not always
   * rounded correctly), and its norm a float32.
   */
  @ParameterizedTest
  @MethodSource("torchLoops")
  void loopsAreTorchs(JsonNode loop) {
    JsonNode reference = reference();
    boolean clipped = !loop.get("clip").isNull();
    TrainerOptions options =
        TrainerOptions.defaults()
            .withBetas(
                reference.get("betas").get(0).asDouble(), reference.get("betas").get(1).asDouble())
            .withEpsilon(reference.get("eps").asDouble())
            .withBatchesPerStep(loop.get("batches_per_step").asInt())
            .withDivision(GradientDivision.valueOf(loop.get("division").asText()));
    if (clipped) {
      options = options.withMaxGradientNorm(loop.get("clip").asDouble());
    }
    if (!loop.get("total").isNull()) {
      options =
          options.withSchedule(
              LearningRateSchedule.linear(loop.get("warmup").asLong(), loop.get("total").asLong()));
    }
    try (Trainer trainer = Trainer.of(memory().engine(), groupsOf(reference, loop), options)) {
      List<TrainableParameter> parameters = parameters(trainer);
      int batch = 0;
      for (JsonNode stored : loop.get("trace")) {
        batch++;
        for (int i = 0; i < parameters.size(); i++) {
          float[] sum = memory().read(parameters.get(i).gradient());
          float[] added = floats(stored.get("gradients").get(i));
          for (int k = 0; k < sum.length; k++) {
            sum[k] += added[k];
          }
          memory().write(sum, parameters.get(i).gradient());
        }
        boolean stepped = trainer.batchDone();
        if (batch % loop.get("batches").asInt() == 0) {
          stepped |= trainer.finishEpoch();
          assertFalse(trainer.finishEpoch(), "nothing is left over any more");
        }
        assertEquals(stored.get("stepped").asBoolean(), stepped, "batch " + batch);
        settle();
        if (stepped) {
          double norm = stored.get("norm").asDouble();
          assertEquals(norm, trainer.gradientNorm(), 1e-6 * norm);
        }
        for (int i = 0; i < parameters.size(); i++) {
          float[] wanted = floats(stored.get("values").get(i));
          float[] found = memory().read(parameters.get(i).values());
          boolean rounded = clipped || loop.get("batches_per_step").asInt() == 3;
          for (int k = 0; k < wanted.length; k++) {
            float unit = Math.ulp(Math.max(Math.abs(wanted[k]), LARGEST_STEP));
            assertEquals(
                wanted[k],
                found[k],
                rounded ? 2e-6f : 3 * unit,
                "batch " + batch + ", element " + k + " of " + parameters.get(i));
          }
        }
      }
    }
  }

  private List<ParameterGroup> groupsOf(JsonNode reference, JsonNode loop) {
    List<ParameterGroup> groups = new ArrayList<>();
    int index = 0;
    for (JsonNode group : reference.get("groups")) {
      List<TrainableParameter> parameters = new ArrayList<>();
      for (JsonNode shape : group.get("shapes")) {
        float[] initial = floats(loop.get("initial").get(index));
        parameters.add(
            shape.size() == 1
                ? memory().spectrum("p" + index, initial)
                : memory()
                    .tensor("p" + index, initial, shape.get(0).asInt(), shape.get(1).asInt()));
        index++;
      }
      groups.add(
          new ParameterGroup(
              group.get("name").asText(),
              parameters,
              group.get("lr").asDouble(),
              group.get("weight_decay").asDouble()));
    }
    return groups;
  }

  /** Puts an infinity into the first gradient. */
  protected static void spoil(TrainingMemory memory, Trainer trainer) {
    TrainableParameter first = parameters(trainer).getFirst();
    float[] gradient = memory.read(first.gradient());
    gradient[1] = Float.NEGATIVE_INFINITY;
    memory.write(gradient, first.gradient());
  }

  @Test
  void aSkippedStepChangesNothingAndIsCounted() {
    TrainerOptions options = OPTIONS.withNonFinite(NonFiniteGradients.SKIP).withBatchesPerStep(1);
    try (Trainer trainer = trainer(options)) {
      run(memory(), trainer, 0, 2);
      float[] before = values(trainer, 2);
      float[] moment = memory().read(trainer.firstMoment(parameters(trainer).get(2)));
      double rate = trainer.learningRate("head");
      addGradients(memory(), trainer, 3);
      float[] gradient = memory().read(parameters(trainer).get(1).gradient());
      gradient[1400] = Float.NaN;
      memory().write(gradient, parameters(trainer).get(1).gradient());
      assertTrue(trainer.batchDone());
      settle();
      assertArrayEquals(before, values(trainer, 2));
      assertArrayEquals(moment, memory().read(trainer.firstMoment(parameters(trainer).get(2))));
      assertArrayEquals(new float[5], memory().read(parameters(trainer).get(0).gradient()));
      assertEquals(1, trainer.skippedSteps());
      assertEquals(2, trainer.steps());
      assertTrue(Double.isNaN(trainer.gradientNorm()));
      assertTrue(trainer.learningRate("head") != rate, "the schedule stood still");
      run(memory(), trainer, 4, 5);
      settle();
      assertEquals(3, trainer.steps());
      assertTrue(Double.isFinite(trainer.gradientNorm()));
    }
  }

  @Test
  @SuppressWarnings("try") // Closing early is what is tested.
  void whatNoTrainerCanBeMadeOfIsRefused() {
    TrainableSpectrum twin = memory().spectrum("twin", new float[1]);
    TrainableTensor head = memory().tensor("head", new float[4], 2, 2);
    refuses(
        "two parameters are named 'twin'",
        () ->
            Trainer.of(
                memory().engine(),
                List.of(ParameterGroup.of("a", List.of(twin, twin), 0.1)),
                OPTIONS));
    refuses(
        "two groups of parameters are named 'a'",
        () ->
            Trainer.of(
                memory().engine(),
                List.of(
                    ParameterGroup.of("a", List.of(twin), 0.1),
                    ParameterGroup.of("a", List.of(head), 0.1)),
                OPTIONS));
    refuses("at least one group", () -> Trainer.of(memory().engine(), List.of(), OPTIONS));
    refuses("no parameters", () -> ParameterGroup.of("empty", List.of(), 0.1));
    refuses("learning rate of group 'a' is -1.0", () -> ParameterGroup.of("a", List.of(twin), -1));
    try (Trainer trainer =
        Trainer.of(
            memory().engine(),
            List.of(ParameterGroup.of("a", List.of(twin, head), 0.1)),
            OPTIONS.withSchedule(LearningRateSchedule.custom("wrong", step -> Double.NaN)))) {
      refuses("there is no group 'b'", () -> trainer.learningRate("b"));
      refuses("there is no group 'b'", () -> trainer.setLearningRate("b", 1));
      refuses("weight decay of group 'a' is NaN", () -> trainer.setWeightDecay("a", Double.NaN));
      trainer.batchDone();
      trainer.batchDone();
      refuses("'custom, name=wrong' gives the factor NaN for step 0", trainer::batchDone);
      assertEquals(2, trainer.gatheredBatches());
      trainer.clearGradients();
      assertEquals(0, trainer.gatheredBatches());
      trainer.close();
      refuses("this trainer is closed", trainer::batchDone);
    }
  }

  /** Expects a refusal that says so. */
  protected static void refuses(String words, Executable call) {
    assertContains(words, assertThrows(FourierException.class, call));
  }

  /** Expects a message that says so. */
  protected static void assertContains(String words, Exception refusal) {
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains(words), message);
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) array.get(k).asDouble();
    }
    return values;
  }
}
