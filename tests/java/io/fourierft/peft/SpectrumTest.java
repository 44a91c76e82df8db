package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.safetensors.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Coefficients keep the bits of the file and are rounded to float32 once. */
class SpectrumTest {
  @Test
  void everyTypeOfCoefficientKeepsItsBits() {
    ByteOrder little = ByteOrder.LITTLE_ENDIAN;
    byte[] longs = new byte[24];
    MemorySegment data = MemorySegment.ofArray(longs);
    ValueLayout.OfLong layout = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(little);
    data.set(layout, 0, 1L << 40);
    data.set(layout, 8, (1L << 40) + 1);
    data.set(layout, 16, -5);
    Spectrum signed = Spectrum.of(DType.I64, data);
    assertArrayEquals(new float[] {0x1p40f, 0x1p40f, -5}, signed.toFloats());
    assertFalse(signed.isExactInFloat32());
    assertEquals(0x1p64f, Spectrum.of(DType.U64, data).toFloats()[2]);
    assertEquals(-1, signed.data().mismatch(data));
    byte[] doubles = new byte[8];
    MemorySegment.ofArray(doubles).set(ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(little), 0, 0.1);
    assertArrayEquals(
        new float[] {0.1f}, Spectrum.of(DType.F64, MemorySegment.ofArray(doubles)).toFloats());
    assertFalse(Spectrum.of(DType.F64, MemorySegment.ofArray(doubles)).isExactInFloat32());
    assertArrayEquals(
        new float[] {1.5f, -2}, Spectrum.of(DType.BF16, bytes(0xc0, 0x3f, 0x00, 0xc0)).toFloats());
    assertArrayEquals(
        new float[] {1.5f, -2}, Spectrum.of(DType.F16, bytes(0x00, 0x3e, 0x00, 0xc0)).toFloats());
    assertArrayEquals(new float[] {-1, 127}, Spectrum.of(DType.I8, bytes(0xff, 0x7f)).toFloats());
    assertArrayEquals(new float[] {255, 127}, Spectrum.of(DType.U8, bytes(0xff, 0x7f)).toFloats());
    assertArrayEquals(new float[] {-2}, Spectrum.of(DType.I16, bytes(0xfe, 0xff)).toFloats());
    assertArrayEquals(new float[] {65534}, Spectrum.of(DType.U16, bytes(0xfe, 0xff)).toFloats());
    assertArrayEquals(
        new float[] {-2}, Spectrum.of(DType.I32, bytes(0xfe, 0xff, 0xff, 0xff)).toFloats());
    assertTrue(Spectrum.of(1, Float.MAX_VALUE).isFinite());
    assertFalse(Spectrum.of(1, Float.NaN).isFinite());
  }

  private static Spectrum integers(DType dtype, long... values) {
    int size = dtype.bits() / 8;
    ByteBuffer bytes = ByteBuffer.allocate(values.length * size).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      if (size == 4) {
        bytes.putInt((int) value);
      } else {
        bytes.putLong(value);
      }
    }
    return Spectrum.of(dtype, MemorySegment.ofArray(bytes.array()));
  }

  /** A float32 has 24 bits; what lies between the first and the last one must fit. */
  @ParameterizedTest
  @CsvSource({
    "I32, 0, true",
    "I32, 16777215, true",
    "I32, 16777217, false",
    "I32, -16777217, false",
    "I32, -2147483648, true",
    "U32, 4294967040, true",
    "U32, 4294967295, false",
    "I64, 1099511627776, true",
    "I64, -9223372036854775808, true",
    "I64, 9223372036854775807, false",
    // -1 is the largest, 2^64 - 1; -1099511627776 is 2^64 - 2^40.
    "U64, -1, false",
    "U64, -1099511627776, true",
    "U64, -9223372036854775808, true",
    "U64, 9223372036854775807, false"
  })
  void anIntegerIsExactIfItsBitsFit(DType dtype, long value, boolean exact) {
    assertEquals(exact, integers(dtype, 1, 3, value).isExactInFloat32());
    assertEquals(exact, integers(dtype, value, 1, 3).isExactInFloat32());
  }

  @Test
  void unsignedIntegersAreNotNegative() {
    assertArrayEquals(
        new float[] {1, 0x1p32f, 3}, integers(DType.U32, 1, 0xffff_ffffL, 3).toFloats());
    assertArrayEquals(
        new float[] {0, 0x1p63f, 0x1p64f}, integers(DType.U64, 0, 1L << 63, -1).toFloats());
    // Just above the half of the last place: the lowest bit decides.
    assertEquals(
        Math.nextUp(0x1p63f), integers(DType.U64, (1L << 63) + (1L << 39) + 1).toFloats()[0]);
  }

  @Test
  void doublesAreExactIfTheyAreFloats() {
    byte[] bytes = new byte[16];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putDouble(0.5).putDouble(Double.NaN);
    assertTrue(Spectrum.of(DType.F64, MemorySegment.ofArray(bytes)).isExactInFloat32());
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putDouble(1e300);
    assertFalse(Spectrum.of(DType.F64, MemorySegment.ofArray(bytes)).isExactInFloat32());
  }

  @Test
  void spectraAreEqualByTypeAndBits() {
    Spectrum one = Spectrum.of(1, 2);
    assertEquals(Spectrum.of(1, 2), one);
    assertEquals(Spectrum.of(1, 2).hashCode(), one.hashCode());
    assertNotEquals(Spectrum.of(1, 3), one);
    assertNotEquals(Spectrum.of(DType.I32, one.data()), one);
    assertEquals("Spectrum[2 x F32]", one.toString());
  }

  private static MemorySegment bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return MemorySegment.ofArray(bytes);
  }
}
