package io.fourierft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineOptionsTest {
  @ParameterizedTest
  @CsvSource({
    "auto, cpu, true",
    "auto, cuda:1, true",
    "cpu, cpu, true",
    "cpu, cuda, false",
    "cuda, cuda:3, true",
    "cuda, cpu, false",
    "cuda:2, cuda, true",
    "cuda:2, cpu, false"
  })
  void wantsGoesByTheKind(String device, String engine, boolean wanted) {
    assertEquals(wanted, new EngineOptions(device, 0, "auto").wants(engine));
  }
}
