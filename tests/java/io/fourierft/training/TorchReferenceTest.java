package io.fourierft.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.internal.definition.AdamWArithmetic;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** AdamW, clipping and schedules against values stored from torch and transformers. */
class TorchReferenceTest {
  private static JsonNode reference() {
    try (InputStream file =
        Objects.requireNonNull(
            TorchReferenceTest.class.getResourceAsStream("/training/training_reference.json"))) {
      return new ObjectMapper().readTree(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Stream<Named<JsonNode>> optimizerRuns() {
    return reference().get("adamw").valueStream().map(r -> Named.of(r.get("name").asText(), r));
  }

  static Stream<Named<JsonNode>> schedules() {
    return reference()
        .get("schedules")
        .valueStream()
        .map(
            s ->
                Named.of(
                    s.get("kind").asText() + " " + s.get("warmup") + " of " + s.get("total"), s));
  }

  /** Clipped gradients are taken from the file: torch sums the norm in float32. */
  @ParameterizedTest
  @MethodSource("optimizerRuns")
  void stepsAreTorchsBitForBit(JsonNode run) {
    JsonNode options = run.get("options");
    List<TrainableSpectrum> spectra = new ArrayList<>();
    for (JsonNode initial : run.get("initial")) {
      spectra.add(TrainableSpectrum.of("p" + spectra.size(), floats(initial)));
    }
    ParameterGroup group =
        new ParameterGroup(
            "all", spectra, options.get("lr").asDouble(), options.get("weight_decay").asDouble());
    TrainerOptions with =
        TrainerOptions.defaults()
            .withBetas(
                options.get("betas").get(0).asDouble(), options.get("betas").get(1).asDouble())
            .withEpsilon(options.get("eps").asDouble());
    try (FourierEngine engine = FourierEngine.create(EngineOptions.defaults().withDevice("cpu"));
        Trainer trainer = Trainer.of(engine, List.of(group), with)) {
      TrainingMemory memory = TrainingMemory.host(engine);
      int index = 0;
      for (JsonNode step : run.get("steps")) {
        for (int i = 0; i < spectra.size(); i++) {
          float[] gradient = floats(step.get("gradients").get(i));
          float[] clipped = floats(step.get("clipped").get(i));
          if (!run.get("clip").isNull()) {
            float factor =
                AdamWArithmetic.clipping(step.get("norm").asDouble(), run.get("clip").asDouble());
            assertClose(clipped, gradient, factor);
          }
          memory.write(clipped, spectra.get(i).gradient());
        }
        if (!run.get("rates").isNull()) {
          trainer.setLearningRate("all", run.get("rates").get(index).asDouble());
        }
        trainer.batchDone();
        for (int i = 0; i < spectra.size(); i++) {
          TrainableSpectrum spectrum = spectra.get(i);
          assertArrayEquals(
              floats(step.get("exp_avg").get(i)), memory.read(trainer.firstMoment(spectrum)));
          assertArrayEquals(
              floats(step.get("exp_avg_sq").get(i)), memory.read(trainer.secondMoment(spectrum)));
          assertArrayEquals(floats(step.get("values").get(i)), spectrum.spectrum());
        }
        index++;
      }
      assertEquals(index, trainer.steps());
    }
  }

  @ParameterizedTest
  @MethodSource("schedules")
  void factorsAgreeWithTransformers(JsonNode stored) {
    long warmup = stored.get("warmup").asLong();
    long total = stored.get("total").asLong();
    LearningRateSchedule schedule =
        stored.get("kind").asText().equals("linear")
            ? LearningRateSchedule.linear(warmup, total)
            : LearningRateSchedule.cosine(warmup, total, stored.get("cycles").asDouble());
    int step = 0;
    for (JsonNode factor : stored.get("factors")) {
      assertEquals(factor.asDouble(), schedule.factor(step), 1e-15, "step " + step);
      step++;
    }
  }

  /** Within two units in the last place: torch sums the norm in float32. */
  private static void assertClose(float[] wanted, float[] gradient, float factor) {
    for (int k = 0; k < wanted.length; k++) {
      assertTrue(
          Math.abs(gradient[k] * factor - wanted[k]) <= 2 * Math.ulp(wanted[k]),
          "element " + k + " is " + gradient[k] * factor + ", not " + wanted[k]);
    }
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) array.get(k).asDouble();
    }
    return values;
  }
}
