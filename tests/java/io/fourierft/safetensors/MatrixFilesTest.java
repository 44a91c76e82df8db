package io.fourierft.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tensors as matrices, in one call each way. */
class MatrixFilesTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void aMatrixComesBackAsItWasWritten(ElementType type) throws IOException {
    HostMatrix wide = Matrix.of(MemorySegment.ofArray(new byte[8 * 4 * 7]), type, 4, 7);
    for (int r = 0; r < 4; r++) {
      for (int c = 0; c < 7; c++) {
        wide.set(r, c, r - c / 8f);
      }
    }
    HostMatrix strided = new HostMatrix(wide.data(), type, 4, 3, 7);
    Path file = folder.resolve("model.safetensors");
    Map<String, HostMatrix> matrices = new LinkedHashMap<>();
    matrices.put("strided", strided);
    matrices.put("wide", wide);
    matrices.put("none", wide.slice(2, 0));
    SafetensorsWriter.write(file, matrices);
    try (SafetensorsFile read = SafetensorsFile.open(file);
        SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(folder)) {
      assertEquals(Map.of("format", "pt"), read.metadata());
      assertEquals(DType.of(type), read.tensor("wide").dtype());
      for (HostMatrix found : List.of(read.matrix("strided"), checkpoint.matrix("strided"))) {
        assertEquals(type, found.elementType());
        assertEquals(List.of(4, 3), List.of(found.rows(), found.cols()));
        for (int r = 0; r < 4; r++) {
          for (int c = 0; c < 3; c++) {
            assertEquals(wide.get(r, c), found.get(r, c));
          }
        }
        assertTrue(found.data().isReadOnly());
      }
      assertEquals(0, read.matrix("none").rows());
      assertArrayEquals(
          wide.data().asSlice(0, 28L * type.sizeInBytes()).toArray(ValueLayout.JAVA_BYTE),
          read.data("wide").toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Test
  void whatIsNoMatrixIsRefusedByName() throws IOException {
    Path file = folder.resolve("model.safetensors");
    List<TensorDeclaration> declarations =
        SafetensorsWriter.referenceOrder(
            List.of(
                new TensorDeclaration("vector", DType.F32, List.of(5L)),
                new TensorDeclaration("scalar", DType.F32, List.of()),
                new TensorDeclaration("cube", DType.F32, List.of(1L, 2L, 3L)),
                new TensorDeclaration("packed", DType.U8, List.of(2L, 2L)),
                new TensorDeclaration("empty", DType.F32, List.of(2L, 0L))));
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, Map.of(), declarations);
        Arena arena = Arena.ofConfined()) {
      for (TensorDeclaration declaration : declarations) {
        writer.write(
            declaration.name(),
            arena
                .allocate(Math.max(1, declaration.sizeInBytes()))
                .asSlice(0, declaration.sizeInBytes()));
      }
      writer.commit();
    }
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(file)) {
      HostMatrix vector = checkpoint.matrix("vector");
      assertEquals(List.of(1, 5), List.of(vector.rows(), vector.cols()));
      refused(checkpoint, "scalar", "its shape is []");
      refused(checkpoint, "cube", "one or two dimensions");
      refused(checkpoint, "packed", "it is U8");
      refused(checkpoint, "empty", "the last not 0");
      refused(checkpoint, "missing", "no such tensor");
    }
  }

  private static void refused(SafetensorsCheckpoint checkpoint, String name, String words) {
    SafetensorsException refusal =
        assertThrows(SafetensorsException.class, () -> checkpoint.matrix(name));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains(name) && message.contains(words), message);
  }

  @Test
  void nothingIsLeftWhereANameCannotBeWritten() throws IOException {
    Path file = folder.resolve("model.safetensors");
    HostMatrix matrix = Matrix.of(new float[6], 2, 3);
    assertThrows(
        SafetensorsException.class,
        () -> SafetensorsWriter.write(file, Map.of("__metadata__", matrix)));
    assertFalse(Files.exists(file));
    try (var files = Files.list(folder)) {
      assertEquals(0, files.count());
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  void elementTypesAndDtypesNameEachOther(ElementType type) {
    assertEquals(Optional.of(type), DType.of(type).elementType());
    assertEquals(8 * type.sizeInBytes(), DType.of(type).bits());
    assertEquals(type.name(), DType.of(type).name());
  }

  @Test
  void otherDtypesAreNotComputedWith() {
    int computed = 0;
    for (DType dtype : DType.values()) {
      computed += dtype.elementType().isPresent() ? 1 : 0;
    }
    assertEquals(ElementType.values().length, computed);
  }
}
