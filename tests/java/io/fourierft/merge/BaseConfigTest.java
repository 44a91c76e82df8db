package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
  void onlyUtf8IsRead() throws IOException {
    Path file = folder.resolve("config.json");
    for (Charset charset : List.of(StandardCharsets.UTF_16, Charset.forName("UTF-32"))) {
      Files.write(file, "{\"x\": \"\u00e9\"}".getBytes(charset));
      String e =
          String.valueOf(
              assertThrows(FourierException.class, () -> BaseConfig.read(folder)).getMessage());
      assertTrue(e.startsWith(file.toString()), e);
    }
    Files.write(file, new byte[] {0, 'o', 'n', 'o', 0, 'o', 'n', 'o'});
    assertThrows(FourierException.class, () -> BaseConfig.read(folder));
    Files.writeString(file, "\ufeff{\"model_type\": \"llama\"}");
    assertEquals("llama", BaseConfig.read(folder).orElseThrow().model().modelType());
  }

  @Test
  void honestNumbersAreRead() throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        "{\"model_type\": \"llama\", \"x\": [1e-05, 1E308, 0.1e-999999, NaN,"
            + " 123456789012345678901]}");
    BaseConfig config = BaseConfig.read(folder).orElseThrow();
    assertEquals(Optional.empty(), config.quantization());
    assertEquals("llama", config.model().modelType());
  }
}
