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
import java.nio.file.Files;
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

/** What a trainer does wherever its parameters are. */
public abstract class TrainerContract {
  private static final int HEAD_ROWS = 30;
  private static final int HEAD_COLS = 91;

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

  private Trainer trainer(TrainerOptions options) {
    return Trainer.of(memory().engine(), groups(memory()), options);
  }

  private float[] values(Trainer trainer, int index) {
    return memory().read(parameters(trainer).get(index).values());
  }

  private static JsonNode reference() {
    try (InputStream file =
        Objects.requireNonNull(
            TrainerContract.class.getResourceAsStream("/training/trainer_reference.json"))) {
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

  private static void spoil(TrainingMemory memory, Trainer trainer) {
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

  private static void assertContains(String words, Exception refusal) {
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
