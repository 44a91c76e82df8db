package io.fourierft.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A pull parser of strict JSON in strict UTF-8. It holds a few kilobytes whatever the length of its
 * input, and every failure names the file and the tensor at hand.
 */
final class StrictJson implements AutoCloseable {
  /** Serde's recursion limit, which the reference reader has. */
  static final int DEEPEST_NESTING = 128;

  /** Digits and signs of one number; no float64 needs more than 800. */
  private static final int LONGEST_NUMBER = 5_000;

  /** Digits of an exponent without its leading zeros. */
  private static final int LONGEST_EXPONENT = 6;

  /** What one string costs besides its characters, with the table that holds it, in bytes. */
  private static final long STRING_BYTES = 100;

  private final JsonParser parser;
  private final Path path;
  private final String part;
  private final HeapAllowance heap;
  private @Nullable String tensor;

  /**
   * Starts before the first token.
   *
   * @param path the file, for messages
   * @param part which part of the file this is, for messages
   * @param longest the length of the input in bytes, which bounds every string in it
   * @param heap what may be kept of it
   */
  StrictJson(Path path, String part, InputStream input, int longest, HeapAllowance heap)
      throws IOException {
    this.path = path;
    this.part = part;
    this.heap = heap;
    int longestString = (int) Math.min(longest, heap.longestString());
    StreamReadConstraints constraints =
        StreamReadConstraints.builder()
            .maxNestingDepth(DEEPEST_NESTING)
            .maxNameLength(longestString)
            .maxStringLength(longestString)
            .maxNumberLength(LONGEST_NUMBER)
            .build();
    // Names come from the file: they must neither stay in a table nor be interned.
    JsonFactory factory =
        JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(constraints)
            .build();
    InputStreamReader reader =
        new InputStreamReader(
            input,
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    parser = factory.createParser(reader);
  }

  /** Names the tensor in the messages from here on; null for none. */
  void inTensor(@Nullable String name) {
    tensor = name;
  }

  /** The next token; the input may not end here. */
  JsonToken next() throws IOException {
    JsonToken token = advance();
    if (token == null) {
      throw invalid("it ends too early");
    }
    return token;
  }

  /** Checks that nothing but white space is left. */
  void requireEnd() throws IOException {
    if (advance() != null) {
      throw invalid("something follows its end");
    }
  }

  private @Nullable JsonToken advance() throws IOException {
    try {
      JsonToken token = parser.nextToken();
      if (token == JsonToken.VALUE_NUMBER_FLOAT) {
        requireExponent(parser.getText());
      }
      return token;
    } catch (JsonProcessingException | CharacterCodingException e) {
      throw malformed(e);
    }
  }

  /** An exponent of many digits means nothing, and costs whoever computes with it dearly. */
  private void requireExponent(String number) {
    int at = Math.max(number.indexOf('e'), number.indexOf('E')) + 1;
    while (at > 0 && at < number.length() && "+-0".indexOf(number.charAt(at)) >= 0) {
      at++;
    }
    if (at > 0 && number.length() - at > LONGEST_EXPONENT) {
      throw invalid("the number " + brief(number) + " has an exponent that nothing can hold");
    }
  }

  /** Counts a string that is about to be kept. */
  String keep(String text) {
    keep(STRING_BYTES + 2L * text.length());
    return text;
  }

  /** Counts bytes that are about to be kept, and refuses what the heap cannot hold. */
  void keep(long bytes) {
    if (!heap.take(bytes)) {
      throw new SafetensorsException(path, tensor, heap.refusal(part));
    }
  }

  /** Takes the next token, which must open an object. */
  void openObject(String what) throws IOException {
    requireObject(next(), what);
  }

  /** Checks that {@code token}, the current one, opens an object. */
  void requireObject(JsonToken token, String what) {
    if (token != JsonToken.START_OBJECT) {
      throw invalid(what + " is not an object");
    }
  }

  /** Takes the next token: a name within the current object, or null at the object's end. */
  @Nullable String nextName() throws IOException {
    if (next() == JsonToken.END_OBJECT) {
      return null;
    }
    try {
      return requireWholeCharacters(parser.currentName());
    } catch (JsonProcessingException | CharacterCodingException e) {
      throw malformed(e);
    }
  }

  /** Takes the next token, which must be a string. */
  String nextString(String what) throws IOException {
    if (next() != JsonToken.VALUE_STRING) {
      throw invalid(what + " is not a string");
    }
    return text();
  }

  /** The current token's text. */
  String text() throws IOException {
    try {
      return requireWholeCharacters(parser.getText());
    } catch (JsonProcessingException | CharacterCodingException e) {
      throw malformed(e);
    }
  }

  /** The current token as a number of 0 to 2^63 - 1, written without sign, point or exponent. */
  long unsigned(JsonToken token, String field) throws IOException {
    if (token != JsonToken.VALUE_NUMBER_INT) {
      throw invalid(field + " has something that is not an integer");
    }
    String digits = text();
    if (digits.charAt(0) == '-') {
      throw invalid(field + " has a negative number: " + brief(digits));
    }
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw new SafetensorsException(
          path,
          tensor,
          String.format(
              Locale.ROOT, "overflow: %s has %s, more than 2^63 - 1", field, brief(digits)),
          e);
    }
  }

  private static String brief(String digits) {
    return digits.length() <= 40
        ? digits
        : digits.substring(0, 40) + "... (" + digits.length() + " characters)";
  }

  /** Passes over the value whose first token is the current one, checking it all the same. */
  void skip(JsonToken first) throws IOException {
    switch (first) {
      case START_OBJECT -> {
        Set<String> names = new HashSet<>();
        for (String name = nextName(); name != null; name = nextName()) {
          requireNew(names.add(keep(name)), "key", name);
          skip(next());
        }
      }
      case START_ARRAY -> {
        for (JsonToken token = next(); token != JsonToken.END_ARRAY; token = next()) {
          skip(token);
        }
      }
      case VALUE_STRING -> text();
      default -> {
        // A number or a literal: the tokenizer has checked it.
      }
    }
  }

  /** Refuses a name that was there before. */
  void requireNew(boolean added, String what, String name) {
    if (!added) {
      throw invalid("the " + what + " " + SafetensorsException.quote(name) + " stands twice");
    }
  }

  /** Copies the value that follows, digit for digit. */
  void copyValue(JsonGenerator target) throws IOException {
    copy(next(), target);
  }

  private void copy(JsonToken first, JsonGenerator target) throws IOException {
    switch (first) {
      case START_OBJECT -> {
        target.writeStartObject();
        for (String name = nextName(); name != null; name = nextName()) {
          target.writeFieldName(keep(name));
          copy(next(), target);
        }
        target.writeEndObject();
      }
      case START_ARRAY -> {
        target.writeStartArray();
        for (JsonToken token = next(); token != JsonToken.END_ARRAY; token = next()) {
          copy(token, target);
        }
        target.writeEndArray();
      }
      case VALUE_STRING -> target.writeString(keep(text()));
      // The text of a number: computing it would take time, and change its digits.
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> target.writeNumber(keep(text()));
      case VALUE_TRUE, VALUE_FALSE -> target.writeBoolean(first == JsonToken.VALUE_TRUE);
      default -> target.writeNull();
    }
  }

  /** The exception for a rule that this part of the file breaks. */
  SafetensorsException invalid(String rule) {
    return new SafetensorsException(path, tensor, "invalid JSON in " + part + ": " + rule);
  }

  /** The exception for input that is no JSON, or no UTF-8, at all. */
  SafetensorsException malformed(IOException e) {
    if (e instanceof JsonProcessingException json) {
      var location = json.getLocation();
      String where = location == null ? "" : " (at character " + location.getCharOffset() + ")";
      return new SafetensorsException(
          path, tensor, "invalid JSON in " + part + ": " + json.getOriginalMessage() + where, e);
    }
    return new SafetensorsException(path, tensor, "invalid UTF-8 in " + part, e);
  }

  private String requireWholeCharacters(String text) {
    if (!isWellFormed(text)) {
      throw invalid(SafetensorsException.quote(text) + " has an unpaired surrogate");
    }
    return text;
  }

  /** Whether every surrogate of {@code text} has its other half, so that UTF-8 can express it. */
  static boolean isWellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    parser.close();
  }
}
