package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.ModelFiles;
import io.fourierft.SpectralLocations;
import io.fourierft.WeightLayout;
import io.fourierft.peft.WeightSlice;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The check of an output passes what is right, and finds what is not. */
class MergeCheckTest {
  private static final String NAME = "w.weight";

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"F32, false", "F32, true", "F16, false", "BF16, true", "BF16, false", "F64, false"})
  void aRightSumPassesAndAWeightLeftAloneDoesNot(DType dtype, boolean transposed)
      throws IOException {
    Path base =
        ModelFiles.model(
            folder.resolve("base"), "{}", ModelFiles.matrix(NAME, dtype, 24, 36, 0.05, 3));
    FourierAdapter adapter =
        FourierAdapter.of(
            SpectralLocations.of(transposed ? 36 : 24, transposed ? 24 : 36, 40, 777),
            ModelFiles.normal(40, 1, 5),
            150);
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(base)) {
      SafetensorsCheckpoint.Location location = checkpoint.find(NAME).orElseThrow();
      OutputTensor tensor =
          new OutputTensor(
              location.tensor().declaration(),
              location,
              null,
              List.of(),
              List.of(
                  new OutputTensor.Delta(
                      "a",
                      adapter,
                      transposed ? WeightLayout.IN_OUT : WeightLayout.OUT_IN,
                      new WeightSlice(NAME, 0, 0, 24, 1, 0))));
      MergeCheck untouched = new MergeCheck(Addition.ADD);
      FourierException e =
          assertThrows(FourierException.class, () -> untouched.check(tensor, checkpoint));
      assertTrue(String.valueOf(e.getMessage()).contains("the check failed"), e.getMessage());

      Path out = Files.createDirectory(folder.resolve("out")).resolve("model.safetensors");
      writeSum(tensor, location, out);
      try (SafetensorsCheckpoint written = SafetensorsCheckpoint.open(out)) {
        MergeCheck check = new MergeCheck(Addition.ADD);
        check.check(tensor, written);
        MergeResult.Check found = check.result();
        assertEquals(1, found.tensors());
        assertEquals(MergeCheck.SAMPLES, found.elements());
        double most = dtype == DType.F16 || dtype == DType.BF16 ? 0.6 : 8;
        assertTrue(found.worstUnits() > 0 && found.worstUnits() <= most, found.toString());
        MergeCheck other = new MergeCheck(Addition.SUBTRACT);
        assertThrows(FourierException.class, () -> other.check(tensor, written));
      }
    }
  }

  private static void writeSum(OutputTensor tensor, SafetensorsCheckpoint.Location base, Path out)
      throws IOException {
    OutputTensor.Delta delta = tensor.deltas().getFirst();
    TensorDeclaration declaration = tensor.declaration();
    try (Arena arena = Arena.ofShared();
        FourierEngine engine = FourierEngine.create()) {
      MemorySegment bytes = arena.allocate(declaration.sizeInBytes(), 64);
      base.shard()
          .file()
          .<Boolean, RuntimeException>read(
              NAME,
              data -> {
                bytes.copyFrom(data);
                return true;
              });
      HostMatrix weight =
          Matrix.of(
              bytes,
              declaration.dtype().elementType().orElseThrow(),
              delta.storedRows(),
              delta.storedCols());
      engine.addDeltaReporting(delta.adapter(), weight, delta.layout(), Addition.ADD);
      try (SafetensorsWriter writer =
          SafetensorsWriter.create(out, Map.of(), List.of(declaration))) {
        writer.write(NAME, bytes);
        writer.commit();
      }
    }
  }
}
