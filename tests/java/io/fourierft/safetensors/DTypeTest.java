package io.fourierft.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DTypeTest {
  @Test
  void theTypesStandInTheReferencesAlignmentOrder() {
    assertEquals(
        List.of(
            "BOOL:8",
            "F4:4",
            "F6_E2M3:6",
            "F6_E3M2:6",
            "U8:8",
            "I8:8",
            "F8_E5M2:8",
            "F8_E4M3:8",
            "F8_E8M0:8",
            "F8_E4M3FNUZ:8",
            "F8_E5M2FNUZ:8",
            "I16:16",
            "U16:16",
            "F16:16",
            "BF16:16",
            "I32:32",
            "U32:32",
            "F32:32",
            "C64:64",
            "F64:64",
            "I64:64",
            "U64:64"),
        Arrays.stream(DType.values()).map(dtype -> dtype + ":" + dtype.bits()).toList());
  }

  @Test
  void namesAreCaseSensitive() {
    assertEquals(Optional.of(DType.BF16), DType.named("BF16"));
    assertEquals(Optional.empty(), DType.named("bf16"));
    assertEquals(Optional.empty(), DType.named(""));
  }

  @ParameterizedTest
  @CsvSource({
    "F32, 0, 0",
    "F32, 3, 12",
    "F4, 2, 1",
    "F4, 0, 0",
    "F6_E2M3, 4, 3",
    "F6_E3M2, 8, 6",
    "C64, 2, 16",
    "U8, 2305843009213693951, 2305843009213693951",
    "F4, 4611686018427387902, 2305843009213693951"
  })
  void sizesAreExact(DType dtype, long elements, long bytes) {
    assertEquals(bytes, dtype.sizeInBytes(elements));
  }

  @ParameterizedTest
  @CsvSource({
    "F4, 3, byte boundary", "F6_E2M3, 1, byte boundary", "F6_E3M2, 6, byte boundary",
    "I32, 9223372036854775807, overflow", "F4, 4611686018427387904, overflow", "U8, -1, overflow"
  })
  void sizesThatAreNoWholeBytesOrOverflowAreRefused(DType dtype, long elements, String rule) {
    var refused = assertThrows(ArithmeticException.class, () -> dtype.sizeInBytes(elements));
    assertTrue(String.valueOf(refused.getMessage()).contains(rule), refused.getMessage());
  }
}
