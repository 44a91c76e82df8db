package io.fourierft.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictJsonTest {
  private static StrictJson json(String text, HeapAllowance heap) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new StrictJson(
        Path.of("model.safetensors"), "header", new ByteArrayInputStream(bytes), 1000, heap);
  }

  private static StrictJson json(String text) throws IOException {
    return json(text, HeapAllowance.of(1 << 20));
  }

  private static void skip(String text) throws IOException {
    try (StrictJson json = json(text)) {
      json.skip(json.next());
      json.requireEnd();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e999999",
        "1E999999",
        "1e+999999",
        "1e-999999",
        "1e000000000000999999",
        "1.5",
        "12345678901",
        "0.123456789012345678901234567890"
      })
  void anExponentOfSixDigitsIsPassedOver(String number) throws IOException {
    skip(number);
    skip("[" + number + "]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e1000000", "1E1000000", "1e+1000000", "1e-1000000", "1.5e0001000000"})
  void anExponentOfSevenDigitsIsRefused(String number) {
    SafetensorsException refusal =
        assertThrows(SafetensorsException.class, () -> skip("[" + number + "]"));
    assertTrue(refusal.rule().contains(number), refusal.rule());
    assertTrue(refusal.rule().contains("exponent"), refusal.rule());
  }

  @Test
  void aLongNumberIsCutInTheMessage() throws IOException {
    for (int digits : new int[] {40, 41}) {
      try (StrictJson json = json("9".repeat(digits))) {
        SafetensorsException refusal =
            assertThrows(SafetensorsException.class, () -> json.unsigned(json.next(), "shape"));
        String shown = digits == 40 ? "9".repeat(40) + "," : "9".repeat(40) + "... (41 characters)";
        assertTrue(refusal.rule().contains("shape has " + shown), refusal.rule());
      }
    }
  }

  @Test
  void aValueIsCopiedDigitForDigit() throws IOException {
    String text =
        "{\"a\":[1.50,-0,1e5,true,false,null,\"x\\ny\"],\"b\":{\"c\":{},\"d\":[[],{}]},\"e\":1}";
    StringWriter copy = new StringWriter();
    try (StrictJson json = json(text);
        JsonGenerator target = new JsonFactory().createGenerator(copy)) {
      json.copyValue(target);
      json.requireEnd();
    }
    assertEquals(text, copy.toString());
  }

  @Test
  void whatFollowsTheEndIsRefused() throws IOException {
    try (StrictJson json = json("1 2")) {
      json.skip(json.next());
      assertThrows(SafetensorsException.class, json::requireEnd);
    }
    try (StrictJson json = json("[1")) {
      SafetensorsException refusal =
          assertThrows(SafetensorsException.class, () -> json.skip(json.next()));
      assertEquals(Path.of("model.safetensors"), refusal.path());
    }
  }

  @Test
  void whatIsKeptIsCountedAndRefusedAboveTheAllowance() throws IOException {
    // A string costs 100 bytes and two for each character.
    try (StrictJson json = json("{}", HeapAllowance.of(320))) {
      assertEquals("x".repeat(10), json.keep("x".repeat(10)));
      json.keep(100);
      json.keep(100);
      json.inTensor("w");
      SafetensorsException refusal = assertThrows(SafetensorsException.class, () -> json.keep(1));
      assertEquals("w", refusal.tensor());
      assertTrue(refusal.rule().contains("the header needs more than"), refusal.rule());
    }
    try (StrictJson json = json("{}", HeapAllowance.of(119))) {
      assertThrows(SafetensorsException.class, () -> json.keep("x".repeat(10)));
    }
  }

  /** Keys that are passed over are kept meanwhile, to see whether one stands twice. */
  @Test
  void keysOfWhatIsPassedOverCountToo() throws IOException {
    HeapAllowance heap = HeapAllowance.of(250);
    try (StrictJson json = json("{\"a\":1,\"b\":2,\"c\":3}", heap)) {
      assertThrows(SafetensorsException.class, () -> json.skip(json.next()));
    }
    SafetensorsException twice =
        assertThrows(SafetensorsException.class, () -> skip("{\"a\":{\"k\":1,\"k\":2}}"));
    assertTrue(twice.rule().contains("'k' stands twice"), twice.rule());
  }

  @Test
  void theAllowanceIsTakenToTheLastByte() {
    HeapAllowance heap = HeapAllowance.of(64L << 20);
    assertTrue(heap.take(60L << 20));
    assertTrue(heap.take(4L << 20));
    assertFalse(heap.take(1));
    assertEquals(8L << 20, heap.longestString());
    assertTrue(heap.refusal("index").contains("the index needs"), heap.refusal("index"));
    assertTrue(heap.refusal("index").contains("heap, 64 MiB;"), heap.refusal("index"));
    long quarter = Runtime.getRuntime().maxMemory() / 4;
    HeapAllowance machine = HeapAllowance.ofThisMachine();
    assertTrue(machine.take(quarter));
    assertFalse(machine.take(1));
  }
}
