package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes as transformers writes them, and for people. */
class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "500B, 500",
    "5GB, 5000000000",
    "5gb, 5000000000",
    "500MB, 500000000",
    "2GiB, 2147483648",
    "1.5KiB, 1536",
    "1k, 1000",
    "3 TB, 3000000000000"
  })
  void sizesAreDecimalUnlessTheySayBinary(String text, long bytes) {
    assertEquals(bytes, new ByteSize().convert(text));
  }

  @Test
  void readableSizesDoNotDependOnTheLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertEquals("1.5 KiB", ByteSize.readable(1536));
      assertEquals("1023 bytes", ByteSize.readable(1023));
      assertEquals("4.0 GiB", ByteSize.readable(4L << 30));
    } finally {
      Locale.setDefault(before);
    }
  }
}
