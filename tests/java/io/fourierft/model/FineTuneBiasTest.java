package io.fourierft.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.ExamplePrograms;
import io.fourierft.ModelFiles;
import io.fourierft.OneEngineTest;
import io.fourierft.peft.FourierFtConfig;
import io.fourierft.peft.ModuleSelection;
import io.fourierft.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Biases trained beside spectra and a head: what PEFT and torch do with the same model, images and
 * first values. {@code examples/finetune/reference.py} made the files, with {@code train DIR 20
 * BIAS}, {@code fresh DIR BIAS} and, of what the first test trains, {@code scores}.
 */
class FineTuneBiasTest extends OneEngineTest {
  private static final Path REFERENCE = ExamplePrograms.PROJECT.resolve("tests/resources/finetune");
  private static final int STEPS = 20;

  @TempDir static Path classes;
  @TempDir Path folder;

  @BeforeAll
  static void compile() throws IOException {
    FineTuneProgram.compile(classes);
  }

  private static Path reference(String bias) {
    return REFERENCE.resolve("bias_" + bias);
  }

  private static double[] numbers(Path file) throws IOException {
    return new ObjectMapper().readValue(file.toFile(), double[].class);
  }

  /**
   * Names and shapes, in order of names; without the second and third copy of a saved module's bias
   * that PEFT writes with {@code bias="all"} and passes over when it loads.
   */
  private static Set<String> tensors(Path adapter) throws IOException {
    Set<String> tensors = new TreeSet<>();
    try (SafetensorsFile file =
        SafetensorsFile.open(adapter.resolve("adapter_model.safetensors"))) {
      file.tensors()
          .forEach(
              (name, tensor) -> {
                if (!name.contains(".modules_to_save.") && !name.contains(".original_module.")) {
                  tensors.add(name + " " + tensor.shape());
                }
              });
    }
    return tensors;
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "fourierft_only"})
  void stepsAreThoseOfPeftAndTorchAndSoIsWhatIsTrained(String bias) throws Exception {
    Path reference = reference(bias);
    new FineTuneProgram(classes, folder)
        .run(
            "cpu",
            "run",
            "--adapter",
            reference.resolve("first-adapter").toString(),
            "--steps",
            String.valueOf(STEPS));
    double[] wanted = numbers(reference.resolve("losses.json"));
    double[] found = new FineTuneProgram(classes, folder).losses("run");
    assertEquals(STEPS, wanted.length);
    assertEquals(STEPS, found.length);
    for (int step = 0; step < STEPS; step++) {
      assertEquals(wanted[step], found[step], 1e-4 * wanted[step], "loss of step " + (step + 1));
    }
    Path ours = folder.resolve("run/adapter");
    Path theirs = reference.resolve("trained-adapter");
    assertEquals(tensors(theirs), tensors(ours));
    for (String tensor : tensors(theirs)) {
      String name = tensor.substring(0, tensor.indexOf(' '));
      // A key's bias adds the same to all of a token's shares, so that it has no gradient, and
      // AdamW
      // makes steps of what is rounding alone.
      if (!name.endsWith("k_proj.bias")) {
        assertClose(elements(theirs, name), elements(ours, name), 1e-3, name);
        assertClose(
            elements(reference.resolve("java-adapter"), name), elements(ours, name), 1e-4, name);
      }
      double[] first = elements(reference.resolve("first-adapter"), name);
      assertTrue(distance(first, elements(ours, name)) > 0, name);
    }
  }

  /**
   * PEFT loaded what this program had trained, and what it trained itself, and gave these scores.
   */
  @ParameterizedTest
  @ValueSource(strings = {"all", "fourierft_only"})
  void peftGivesTheSameScoresForWhatEitherTrained(String bias) throws Exception {
    for (String trained : List.of("java", "trained")) {
      Path adapter = reference(bias).resolve(trained + "-adapter");
      FineTuneProgram program = new FineTuneProgram(classes, folder);
      program.run("cpu", trained, "--adapter", adapter.toString(), "--steps", "0");
      double[] wanted = numbers(reference(bias).resolve(trained + "-scores.json"));
      double[] found = numbers(folder.resolve(trained).resolve("scores.json"));
      double largest = 0;
      for (double score : wanted) {
        largest = Math.max(largest, Math.abs(score));
      }
      assertEquals(40, found.length);
      assertArrayEquals(wanted, found, 1e-5 * largest, trained);
    }
  }

  /**
   * Of a configuration alone, and nothing drawn: the same tensors to the bit, the same settings.
   */
  @ParameterizedTest
  @ValueSource(strings = {"all", "fourierft_only"})
  void aNewAdapterIsPeftsToTheBit(String bias) throws IOException {
    FourierFtConfig config =
        FourierFtConfig.builder()
            .targetModules(ModuleSelection.names("q_proj", "v_proj"))
            .modulesToSave(List.of("classifier"))
            .nFrequency(200)
            .scaling(100)
            .randomLocSeed(2024)
            .initWeights(true)
            .bias(bias)
            .build();
    Path base = ExamplePrograms.PROJECT.resolve("examples/finetune/base");
    Path ours = folder.resolve("fresh");
    try (AdaptedModel model =
        AdaptedModel.open(engine(), base, config, AdaptedModelOptions.defaults())) {
      model.save("default", ours, false);
    }
    Path theirs = reference(bias).resolve("fresh-adapter");
    assertEquals(tensors(theirs), tensors(ours));
    for (String tensor : tensors(theirs)) {
      String name = tensor.substring(0, tensor.indexOf(' '));
      assertArrayEquals(elements(theirs, name), elements(ours, name), name);
    }
    assertEquals(settings(theirs), settings(ours));
  }

  /** All settings but those that tell who made the file, where and of what class; targets a set. */
  private static ObjectNode settings(Path adapter) throws IOException {
    ObjectNode settings =
        (ObjectNode) new ObjectMapper().readTree(adapter.resolve("adapter_config.json").toFile());
    settings.remove(List.of("auto_mapping", "base_model_name_or_path", "peft_version"));
    Set<String> targets = new TreeSet<>();
    settings.get("target_modules").forEach(target -> targets.add(target.asText()));
    settings.put("target_modules", targets.toString());
    return settings;
  }

  private static double[] elements(Path adapter, String tensor) throws IOException {
    return ModelFiles.elements(adapter.resolve("adapter_model.safetensors"), tensor);
  }

  private static void assertClose(double[] wanted, double[] found, double error, String name) {
    double norm = distance(wanted, new double[wanted.length]);
    assertTrue(distance(wanted, found) <= error * norm, name);
  }

  private static double distance(double[] one, double[] other) {
    double squares = 0;
    for (int i = 0; i < one.length; i++) {
      squares += (one[i] - other[i]) * (one[i] - other[i]);
    }
    return Math.sqrt(squares);
  }
}
