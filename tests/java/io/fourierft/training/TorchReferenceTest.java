package io.fourierft.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.HostMatrix;
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

  @ParameterizedTest
  @MethodSource("optimizerRuns")
  void stepsAreTorchsBitForBit(JsonNode run) {
    JsonNode options = run.get("options");
    List<TrainableSpectrum> spectra = new ArrayList<>();
    for (JsonNode initial : run.get("initial")) {
      spectra.add(TrainableSpectrum.of("p" + spectra.size(), floats(initial)));
    }
    AdamW optimizer =
        new AdamW(
            spectra,
            new AdamWOptions(
                options.get("lr").asDouble(),
                options.get("betas").get(0).asDouble(),
                options.get("betas").get(1).asDouble(),
                options.get("eps").asDouble(),
                options.get("weight_decay").asDouble()));
    int index = 0;
    for (JsonNode step : run.get("steps")) {
      for (int i = 0; i < spectra.size(); i++) {
        put(floats(step.get("gradients").get(i)), spectra.get(i).gradientMatrix());
      }
      if (!run.get("clip").isNull()) {
        double norm = GradientClipping.byGlobalNorm(spectra, run.get("clip").asDouble());
        assertEquals(step.get("norm").asDouble(), norm, 1e-6 * norm);
        for (int i = 0; i < spectra.size(); i++) {
          float[] clipped = floats(step.get("clipped").get(i));
          assertClose(clipped, spectra.get(i).gradient());
          put(clipped, spectra.get(i).gradientMatrix());
        }
      }
      if (run.get("rates").isNull()) {
        optimizer.step();
      } else {
        optimizer.step(run.get("rates").get(index).asDouble());
      }
      for (int i = 0; i < spectra.size(); i++) {
        assertArrayEquals(floats(step.get("exp_avg").get(i)), optimizer.firstMoment(i));
        assertArrayEquals(floats(step.get("exp_avg_sq").get(i)), optimizer.secondMoment(i));
        assertArrayEquals(floats(step.get("values").get(i)), spectra.get(i).values());
      }
      index++;
    }
    assertEquals(index, optimizer.steps());
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
  private static void assertClose(float[] wanted, float[] actual) {
    for (int k = 0; k < wanted.length; k++) {
      assertTrue(
          Math.abs(actual[k] - wanted[k]) <= 2 * Math.ulp(wanted[k]),
          "element " + k + " is " + actual[k] + ", not " + wanted[k]);
    }
  }

  private static void put(float[] values, HostMatrix into) {
    for (int k = 0; k < values.length; k++) {
      into.set(0, k, values[k]);
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
