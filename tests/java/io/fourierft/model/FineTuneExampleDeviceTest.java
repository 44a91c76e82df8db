package io.fourierft.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ExamplePrograms;
import io.fourierft.internal.cuda.EmulatedCuda;
import io.fourierft.internal.cuda.OnEmulator;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example that trains a vision transformer trains on a GPU what it trains on the CPU. */
@OnEmulator
class FineTuneExampleDeviceTest {
  private static final String FIRST =
      ExamplePrograms.PROJECT.resolve("tests/resources/finetune/first-adapter").toString();

  @TempDir Path classes;
  @TempDir Path folder;

  @Test
  void aFewStepsAreThoseOfTheCpuAndGoOnBitForBit() throws Exception {
    EmulatedCuda emulator = EmulatedCuda.require();
    FineTuneProgram.compile(classes);
    FineTuneProgram program = new FineTuneProgram(classes, folder);
    program.run("cpu", "cpu", "--adapter", FIRST, "--steps", "3");
    emulator.resetCalls();
    program.run("cuda", "whole", "--adapter", FIRST, "--steps", "3");
    assertTrue(emulator.calls("launch") > 0, "launches");
    program.run("cuda", "parts", "--adapter", FIRST, "--steps", "2");
    program.run("cuda", "parts", "--adapter", FIRST, "--steps", "3", "--resume");
    emulator.assertNothingLeft();
    double[] wanted = program.losses("cpu");
    double[] found = program.losses("whole");
    assertEquals(3, found.length);
    for (int step = 0; step < wanted.length; step++) {
      assertEquals(wanted[step], found[step], 1e-4 * wanted[step], "loss of step " + (step + 1));
    }
    assertArrayEquals(found, program.losses("parts"));
    for (String file : new String[] {"adapter/adapter_model.safetensors", "state.safetensors"}) {
      assertEquals(
          -1,
          Files.mismatch(
              folder.resolve("whole").resolve(file), folder.resolve("parts").resolve(file)),
          file);
    }
  }
}
