package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Views of memory as matrices. */
class MatrixTest {
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBufferIsReadFromItsPositionAndItsOrderDoesNotMatter(boolean direct) {
    ByteBuffer buffer = direct ? ByteBuffer.allocateDirect(40) : ByteBuffer.allocate(40);
    buffer.order(ByteOrder.LITTLE_ENDIAN).position(5);
    for (int i = 0; i < 6; i++) {
      buffer.putFloat(i + 0.5f);
    }
    buffer.limit(buffer.position()).position(5).order(ByteOrder.BIG_ENDIAN);
    HostMatrix matrix = Matrix.of(buffer, ElementType.F32, 2, 3);
    assertEquals(5, buffer.position());
    for (int i = 0; i < 6; i++) {
      assertEquals(i + 0.5f, matrix.get(i / 3, i % 3));
    }
    matrix.set(1, 0, 9);
    assertEquals(9, buffer.order(ByteOrder.LITTLE_ENDIAN).getFloat(5 + 12));
    ShapeException refusal =
        assertThrows(ShapeException.class, () -> Matrix.of(buffer, ElementType.F32, 3, 3));
    assertTrue(String.valueOf(refusal.getMessage()).contains("needs 36 bytes"), refusal.toString());
  }

  @Test
  void aSliceSharesItsRows() {
    float[] data = new float[20];
    HostMatrix whole = Matrix.of(data, 1, 4, 3, 5);
    HostMatrix middle = whole.slice(1, 2);
    assertEquals(2, middle.rows());
    assertEquals(3, middle.cols());
    assertEquals(5, middle.stride());
    middle.set(1, 2, 7);
    assertEquals(7, whole.get(2, 2));
    assertEquals(7, data[1 + 2 * 5 + 2]);
    assertEquals(0, whole.slice(4, 0).rows());
    assertEquals(whole, whole.slice(0, 4));
  }

  @ParameterizedTest
  @CsvSource({"-1, 2", "0, 5", "4, 1", "2, -1", "2147483647, 2147483647"})
  void aSliceOfRowsThatAreNotThereIsRefused(int first, int count) {
    HostMatrix whole = Matrix.of(new float[12], 4, 3);
    assertThrows(ShapeException.class, () -> whole.slice(first, count));
  }
}
