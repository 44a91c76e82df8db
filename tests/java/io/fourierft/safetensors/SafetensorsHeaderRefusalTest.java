package io.fourierft.safetensors;

import static io.fourierft.safetensors.FileBytes.entry;
import static io.fourierft.safetensors.FileBytes.entryWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every malformed header that is known, and the rule that it breaks. */
class SafetensorsHeaderRefusalTest {
  private static final String A = entry("a", "U8", "[4]", 0, 4);

  @TempDir Path folder;

  static Stream<Arguments> refused() {
    String f = "[4]";
    return Stream.of(
        raw("empty file", new byte[0], "header too small"),
        raw("seven bytes", new byte[7], "header too small"),
        raw("no header", FileBytes.withLength(0), "invalid JSON in header"),
        raw("no header but data", FileBytes.withLength(0, new byte[8]), "invalid JSON in header"),
        raw(
            "above the limit",
            FileBytes.withLength(0xFFFFFF000000003CL, new byte[60]),
            "header too large"),
        raw(
            "just above the limit",
            FileBytes.withLength(100_000_001, new byte[60]),
            "header too large"),
        raw("a negative length", FileBytes.withLength(-1, new byte[60]), "header too large"),
        raw("past the end", FileBytes.withLength(61, new byte[60]), "invalid header length"),
        raw("eight bytes alone", FileBytes.withLength(60), "invalid header length"),
        raw(
            "a byte 0xFF",
            FileBytes.of(new byte[] {'{', '"', (byte) 0xFF, '"', '}'}, 0),
            "invalid UTF-8"),
        raw(
            "an encoded surrogate",
            FileBytes.of(new byte[] {'{', '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"', '}'}, 0),
            "invalid UTF-8"),
        raw(
            "an overlong encoding",
            FileBytes.of(new byte[] {'{', '"', (byte) 0xC0, (byte) 0x80, '"', '}'}, 0),
            "invalid UTF-8"),
        raw(
            "a cut character",
            FileBytes.of(new byte[] {'{', '}', (byte) 0xE2, (byte) 0x82}, 0),
            "invalid UTF-8"),
        raw("UTF-16", FileBytes.of("{}".getBytes(StandardCharsets.UTF_16LE), 0), "invalid JSON"),
        json("an open brace", "{", 0, "invalid JSON"),
        json("an array", "[]", 0, "invalid JSON"),
        json("null", "null", 0, "invalid JSON"),
        json("white space", "    ", 0, "invalid JSON"),
        json("trailing junk", "{}x", 0, "invalid JSON"),
        json("a second object", "{}{}", 0, "invalid JSON"),
        json("NUL padding", "{}\0\0", 0, "invalid JSON"),
        json("a byte order mark", "\ufeff{}", 0, "invalid JSON"),
        json("a form feed", "\f{}", 0, "invalid JSON"),
        json("a comment", "{/* */}", 0, "invalid JSON"),
        json("a line comment", "{}//", 0, "invalid JSON"),
        json("a trailing comma", "{" + A + ",}", 4, "invalid JSON"),
        json("a leading comma", "{," + A + "}", 4, "invalid JSON"),
        json("single quotes", "{'a':1}", 0, "invalid JSON"),
        json("a name without quotes", "{a:1}", 0, "invalid JSON"),
        json("a NaN", entryWith("\"x\":NaN"), 4, "invalid JSON"),
        json("an infinity", entryWith("\"x\":Infinity"), 4, "invalid JSON"),
        json("a leading zero", entryWith("\"x\":01"), 4, "invalid JSON"),
        json("a plus sign", entryWith("\"x\":+1"), 4, "invalid JSON"),
        json("an unknown escape", entryWith("\"x\":\"\\q\""), 4, "invalid JSON"),
        json("a raw control character", "{\"a\nb\":1}", 0, "invalid JSON"),
        json("a lone high surrogate", "{" + entry("\\ud800", "U8", f, 0, 4) + "}", 4, "surrogate"),
        json("a lone low surrogate", "{" + entry("\\udc00x", "U8", f, 0, 4) + "}", 4, "surrogate"),
        json(
            "a lone surrogate in metadata",
            "{\"__metadata__\":{\"k\":\"\\ud800\"}}",
            0,
            "surrogate"),
        json(
            "a lone surrogate in an unknown field",
            entryWith("\"x\":[\"\\ud800\"]"),
            4,
            "surrogate"),
        json(
            "nesting of 129",
            entryWith("\"x\":" + "[".repeat(127) + "]".repeat(127)),
            4,
            "invalid JSON"),
        json("nesting of 100,000", "[".repeat(100_000), 0, "invalid JSON"),
        json(
            "deep nesting in an unknown field",
            entryWith("\"x\":" + "[".repeat(50_000)),
            0,
            "invalid JSON"),
        json("bytes after the last tensor", "{" + A + "}", 5, "not fully covered"),
        json("missing bytes", "{" + A + "}", 3, "not fully covered"),
        json("no tensors but data", "{}", 1, "not fully covered"),
        tensor("a hole", "b", "{" + A + "," + entry("b", "U8", f, 5, 9) + "}", 9, "invalid offset"),
        tensor(
            "the first not at 0", "a", "{" + entry("a", "U8", f, 1, 5) + "}", 5, "invalid offset"),
        tensor(
            "an overlap",
            "b",
            "{" + A + "," + entry("b", "U8", f, 3, 7) + "}",
            7,
            "invalid offset"),
        tensor(
            "two names on one range",
            "b",
            "{" + A + "," + entry("b", "U8", f, 0, 4) + "}",
            4,
            "invalid offset"),
        tensor(
            "an end before its begin",
            "b",
            "{" + A + "," + entry("b", "U8", "[0]", 4, 3) + "}",
            4,
            "invalid offset"),
        tensor(
            "too long for its shape",
            "a",
            "{" + entry("a", "F32", "[1]", 0, 5) + "}",
            5,
            "invalid shape, data type, or offset"),
        tensor(
            "too short for its shape",
            "a",
            "{" + entry("a", "F32", "[2,2]", 0, 12) + "}",
            12,
            "invalid shape, data type, or offset"),
        tensor(
            "an empty shape of zero bytes",
            "a",
            "{" + entry("a", "F32", "[]", 0, 0) + "}",
            0,
            "invalid shape, data type, or offset"),
        tensor(
            "[2, 2^64 - 2]",
            "a",
            "{" + entry("a", "U8", "[2,18446744073709551614]", 0, 4) + "}",
            4,
            "overflow"),
        tensor(
            "[2, 2^63 - 1] of I32",
            "a",
            "{" + entry("a", "I32", "[2,9223372036854775807]", 0, 4) + "}",
            4,
            "overflow"),
        tensor(
            "overflow before a zero",
            "a",
            "{" + entry("a", "U8", "[9223372036854775807,9223372036854775807,0]", 0, 0) + "}",
            0,
            "overflow"),
        tensor(
            "[2^64 - 1, 2^64 - 1, 0]",
            "a",
            "{" + entry("a", "U8", "[18446744073709551615,18446744073709551615,0]", 0, 0) + "}",
            0,
            "overflow"),
        tensor("half a byte", "a", "{" + entry("a", "F4", "[1,3]", 0, 2) + "}", 2, "byte boundary"),
        tensor(
            "a negative dimension", "a", "{" + entry("a", "U8", "[-4]", 0, 4) + "}", 4, "negative"),
        tensor("minus zero", "a", "{" + entry("a", "U8", "[-0]", 0, 0) + "}", 0, "negative"),
        tensor(
            "a float dimension",
            "a",
            "{" + entry("a", "U8", "[4.0]", 0, 4) + "}",
            4,
            "not an integer"),
        tensor(
            "an exponent", "a", "{" + entry("a", "U8", "[4e0]", 0, 4) + "}", 4, "not an integer"),
        tensor(
            "a string dimension",
            "a",
            "{" + entry("a", "U8", "[\\\"4\\\"]".replace("\\", ""), 0, 4) + "}",
            4,
            "not an integer"),
        tensor(
            "a nested shape",
            "a",
            "{" + entry("a", "U8", "[[4]]", 0, 4) + "}",
            4,
            "not an integer"),
        tensor(
            "a shape of null", "a", "{" + entry("a", "U8", "null", 0, 4) + "}", 4, "not an array"),
        tensor(
            "a dimension of 2^64",
            "a",
            "{" + entry("a", "U8", "[18446744073709551616]", 0, 4) + "}",
            4,
            "overflow"),
        tensor(
            "a dimension of 2,000 digits",
            "a",
            "{" + entry("a", "U8", "[" + "9".repeat(2000) + "]", 0, 4) + "}",
            4,
            "overflow"),
        tensor(
            "one offset",
            "a",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4]}}",
            4,
            "1 numbers, not 2"),
        tensor(
            "three offsets",
            "a",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4,4]}}",
            4,
            "3 numbers, not 2"),
        tensor(
            "a negative offset",
            "a",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[-4,0]}}",
            4,
            "negative"),
        tensor(
            "an offset above 2^64",
            "a",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,99999999999999999999]}}",
            4,
            "overflow"),
        tensor(
            "a float offset",
            "a",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4.0]}}",
            4,
            "not an integer"),
        tensor(
            "no dtype",
            "a",
            "{\"a\":{\"shape\":[4],\"data_offsets\":[0,4]}}",
            4,
            "'dtype' is missing"),
        tensor(
            "no shape",
            "a",
            "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,4]}}",
            4,
            "'shape' is missing"),
        tensor(
            "no data_offsets",
            "a",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[4]}}",
            4,
            "'data_offsets' is missing"),
        tensor(
            "an unknown dtype",
            "a",
            "{" + entry("a", "F128", f, 0, 4) + "}",
            4,
            "unknown dtype 'F128'"),
        tensor(
            "a dtype in lower case",
            "a",
            "{" + entry("a", "u8", f, 0, 4) + "}",
            4,
            "unknown dtype 'u8'"),
        tensor(
            "a dtype that is a number",
            "a",
            "{\"a\":{\"dtype\":8,\"shape\":[4],\"data_offsets\":[0,4]}}",
            4,
            "not a string"),
        tensor("an entry that is an array", "a", "{\"a\":[\"U8\",[4],[0,4]]}", 4, "not an object"),
        tensor("an entry that is null", "a", "{\"a\":null}", 0, "not an object"),
        tensor("a tensor twice", "a", "{" + A + "," + A + "}", 4, "stands twice"),
        tensor(
            "a tensor twice, once escaped",
            "a",
            "{" + A + "," + entry("\\u0061", "U8", f, 4, 8) + "}",
            8,
            "stands twice"),
        tensor("a field twice", "a", entryWith("\"dtype\":\"U8\""), 4, "stands twice"),
        tensor("an unknown field twice", "a", entryWith("\"x\":1,\"x\":1"), 4, "stands twice"),
        tensor(
            "a key twice within an unknown field",
            "a",
            entryWith("\"x\":{\"y\":1,\"y\":1}"),
            4,
            "stands twice"),
        json("metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "stands twice"),
        json(
            "metadata null and again",
            "{\"__metadata__\":null,\"__metadata__\":{}}",
            0,
            "stands twice"),
        json(
            "a metadata key twice",
            "{\"__metadata__\":{\"k\":\"v\",\"k\":\"v\"}}",
            0,
            "stands twice"),
        json("a number in metadata", "{\"__metadata__\":{\"k\":1}}", 0, "not a string"),
        json("an object in metadata", "{\"__metadata__\":{\"k\":{}}}", 0, "not a string"),
        json("a null in metadata", "{\"__metadata__\":{\"k\":null}}", 0, "not a string"),
        json("metadata that is a string", "{\"__metadata__\":\"pt\"}", 0, "not an object"),
        json("metadata that is an array", "{\"__metadata__\":[]}", 0, "not an object"));
  }

  private static Arguments raw(String what, byte[] bytes, String rule) {
    return arguments(what, bytes, null, rule);
  }

  private static Arguments json(String what, String header, int dataBytes, String rule) {
    return arguments(what, FileBytes.of(header, dataBytes), null, rule);
  }

  private static Arguments tensor(
      String what, String name, String header, int dataBytes, String rule) {
    return arguments(what, FileBytes.of(header, dataBytes), name, rule);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void refused(String what, byte[] bytes, @Nullable String tensor, String rule) throws IOException {
    Path path = FileBytes.write(folder, "broken.safetensors", bytes);
    var refusal =
        assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(path).close(), what);
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.startsWith(path + ": "), message);
    assertTrue(refusal.rule().contains(rule), message);
    assertTrue(message.endsWith(refusal.rule()), message);
    assertEquals(path, refusal.path());
    if (tensor != null) {
      assertEquals(tensor, refusal.tensor());
      assertTrue(message.contains("tensor '" + tensor + "'"), message);
    }
  }

  @Test
  void tenNamesOnOneRangeAreRefused() throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < 10; i++) {
      header.append(i == 0 ? "" : ",").append(entry("weight_" + i, "F32", "[2,2]", 0, 16));
    }
    Path path = FileBytes.write(folder, "attack.safetensors", FileBytes.of(header + "}", 16));
    var refusal =
        assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(path).close());
    assertEquals("weight_1", refusal.tensor());
  }

  @Test
  void longAndOddNamesAreQuotedSafelyInMessages() throws IOException {
    String header = "{" + entry("\\u001b[31m" + "n".repeat(5000), "XX", "[4]", 0, 4) + "}";
    Path path = FileBytes.write(folder, "quoted.safetensors", FileBytes.of(header, 4));
    var refusal =
        assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(path).close());
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.length() < 1000 && message.indexOf('\u001b') < 0, message);
    assertEquals(5005, String.valueOf(refusal.tensor()).length());
  }
}
