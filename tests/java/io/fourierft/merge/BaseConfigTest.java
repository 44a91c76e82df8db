package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A base model's configuration is read whole or refused, with the file's name. */
class BaseConfigTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e99999999999",
        "0.1e-2147483648",
        "-1E+2147483647",
        "9{3000000}",
        "0.9{3000000}",
        "[{\"a\": 1e00000001000000}]"
      })
  void numbersThatNothingCanHoldAreRefusedAtOnce(String pattern) throws IOException {
    String number = pattern.replace("9{3000000}", "9".repeat(3_000_000));
    Path file = folder.resolve("config.json");
    Files.writeString(file, "{\"model_type\": \"llama\", \"x\": " + number + "}");
    String e =
        String.valueOf(
            assertThrows(FourierException.class, () -> BaseConfig.read(folder)).getMessage());
    assertTrue(e.startsWith(file.toString()) && e.length() < 700, () -> e.substring(0, 300));
  }

  @Test
  void honestNumbersAreRead() throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        "{\"model_type\": \"llama\", \"x\": [1e-05, 1E308, 0.1e-999999, NaN,"
            + " 123456789012345678901]}");
    BaseConfig config = BaseConfig.read(folder).orElseThrow();
    assertEquals("llama", config.modelType());
  }
}
