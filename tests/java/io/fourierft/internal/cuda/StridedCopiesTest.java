package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.memory.DeviceBytes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Copies between host and device where rows stand further apart than they are long. */
@OnEmulator
class StridedCopiesTest {
  private static final byte UNTOUCHED = 0x5a;

  private EmulatedCuda emulator;
  private CudaFourierEngine engine;

  @BeforeEach
  void open() {
    emulator = EmulatedCuda.require();
    engine = EmulatedCuda.open(0);
  }

  @AfterEach
  void close() {
    emulator.setDelay(0);
    engine.close();
    emulator.assertNothingLeft();
  }

  /** Bytes that differ from row to row and from column to column. */
  private static HostMatrix filled(ElementType type, int rows, int cols, long stride) {
    int size = type.sizeInBytes();
    byte[] bytes = new byte[(int) (((rows - 1) * stride + cols) * size)];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < cols * size; i++) {
        bytes[(int) (row * stride * size + i)] = (byte) (31 * row + 7 * i + i / 251);
      }
    }
    return new HostMatrix(MemorySegment.ofArray(bytes), type, rows, cols, stride);
  }

  private static byte[] row(HostMatrix matrix, int row) {
    long start = row * matrix.stride() * matrix.elementType().sizeInBytes();
    long bytes = (long) matrix.cols() * matrix.elementType().sizeInBytes();
    return matrix.data().asSlice(start, bytes).toArray(ValueLayout.JAVA_BYTE);
  }

  /** The whole buffer, byte by byte. */
  private byte[] bytesOf(DeviceBuffer buffer) {
    HostMatrix all = filled(buffer.elementType(), buffer.rows(), buffer.cols(), buffer.cols());
    engine.download(buffer, all);
    return all.data().toArray(ValueLayout.JAVA_BYTE);
  }

  private DeviceBuffer marked(ElementType type, int rows, int cols) {
    DeviceBuffer buffer = engine.newBuffer(type, rows, cols);
    HostMatrix marks = filled(type, rows, cols, cols);
    marks.data().fill(UNTOUCHED);
    engine.upload(marks, buffer);
    return buffer;
  }

  @ParameterizedTest
  @CsvSource({
    // type, rows, columns, stride on the device, stride on the host
    "F32, 1, 5, 9, 5",
    "F32, 4096, 64, 96, 64",
    "F32, 4096, 64, 96, 80",
    "F32, 4096, 64, 64, 80",
    "F16, 37, 3, 5, 4",
    "F64, 37, 3, 5, 3",
    "BF16, 700, 30001, 30004, 30001",
    "F32, 3, 1048576, 1048577, 1048576",
    "F32, 3, 1048577, 1048579, 1048580",
    "F32, 2, 2621440, 2621441, 2621440"
  })
  void stridedRowsArriveWholeAndNothingBetweenThemIsTouched(
      ElementType type, int rows, int cols, long deviceStride, long hostStride) {
    HostMatrix from = filled(type, rows, cols, hostStride);
    HostMatrix back = filled(type, rows, cols, hostStride);
    back.data().fill(UNTOUCHED);
    int size = type.sizeInBytes();
    try (DeviceBuffer memory = marked(type, rows, (int) deviceStride)) {
      CudaMatrix to = engine.matrixAt(memory.pointer(), type, rows, cols, deviceStride);
      emulator.setDelay(50);
      engine.upload(from, to);
      engine.download(to, back);
      emulator.setDelay(0);
      byte[] device = bytesOf(memory);
      for (int row = 0; row < rows; row++) {
        byte[] expected = row(from, row);
        assertArrayEquals(expected, row(back, row), "row " + row + " on the host");
        int start = (int) (row * deviceStride * size);
        for (int i = 0; i < deviceStride * size; i++) {
          byte wanted = i < cols * size ? expected[i] : UNTOUCHED;
          if (wanted != device[start + i]) {
            assertEquals(wanted, device[start + i], "byte " + i + " of row " + row);
          }
        }
      }
      byte[] host = back.data().toArray(ValueLayout.JAVA_BYTE);
      for (long at = 0; at < host.length; at++) {
        if (at % (hostStride * size) >= (long) cols * size && host[(int) at] != UNTOUCHED) {
          assertEquals(UNTOUCHED, host[(int) at], "byte " + at + " beside the rows on the host");
        }
      }
    }
  }

  @Test
  void aStridedMatrixTakesOneCopyForAsManyRowsAsFit() {
    int rows = 4096;
    int cols = 64;
    float[] values = new float[rows * cols];
    try (DeviceBuffer memory = engine.newBuffer(ElementType.F32, 2 * rows, cols + 32)) {
      CudaMatrix strided =
          engine.matrixAt(memory.pointer(), ElementType.F32, rows, cols, cols + 32);
      requireCalls("copy", 1, () -> engine.upload(Matrix.of(values, rows, cols), strided));
      requireCalls("copy", 1, () -> engine.download(strided, Matrix.of(values, rows, cols)));
      requireCalls("memset", 1, () -> engine.zero(strided));
      // Rows of 300 bytes: 13981 of them fit a piece of 4 MiB, and two pieces hold all.
      float[] many = new float[20_000 * 75];
      try (DeviceBuffer large = engine.newBuffer(ElementType.F32, 20_000, 80)) {
        CudaMatrix inner = engine.matrixAt(large.pointer(), ElementType.F32, 20_000, 75, 80);
        requireCalls("copy", 2, () -> engine.upload(Matrix.of(many, 20_000, 75), inner));
      }
    }
  }

  /**
   * So many copies or memsets, and next to nothing beside them: the context, events, and the
   * question whether somebody else captures the stream.
   */
  private void requireCalls(String group, long wanted, Runnable work) {
    emulator.resetCalls();
    work.run();
    assertEquals(wanted, emulator.calls(group), group);
    assertTrue(emulator.calls("any") <= 12, emulator.calls("any") + " calls of the driver");
  }

  @Test
  void zeroKeepsWhatStandsBetweenTheRows() {
    try (DeviceBuffer memory = marked(ElementType.F16, 9, 7)) {
      engine.zero(engine.matrixAt(memory.pointer() + 2, ElementType.F16, 9, 5, 7));
      byte[] bytes = bytesOf(memory);
      for (int i = 0; i < bytes.length; i++) {
        boolean inside = i % 14 >= 2 && i % 14 < 12;
        assertEquals(inside ? 0 : UNTOUCHED, bytes[i], "byte " + i);
      }
      engine.zero(engine.matrixAt(memory.pointer(), ElementType.F16, 0, 5, 7));
    }
  }

  @Test
  void aPartIsOfWholeRowsOrOfOneRow() {
    DeviceBytes rows = new DeviceBytes(1000, 5, 10, 16);
    assertEquals(new DeviceBytes(1000, 3, 10, 16), rows.part(0, 39));
    assertEquals(new DeviceBytes(1048, 2, 10, 16), rows.part(30, 39));
    assertEquals(DeviceBytes.range(1064, 10), rows.part(40, 39));
    assertEquals(DeviceBytes.range(1000, 8), rows.part(0, 8));
    assertEquals(DeviceBytes.range(1008, 2), rows.part(8, 8));
    // Further apart than CUDA copies at a time: row by row.
    DeviceBytes far = new DeviceBytes(0, 3, 10, 1L << 31);
    assertEquals(DeviceBytes.range(1L << 31, 10), far.part(10, 100));
    assertEquals(
        new DeviceBytes(0, 3, 10, (1L << 31) - 1),
        new DeviceBytes(0, 3, 10, (1L << 31) - 1).part(0, 100));
  }
}
