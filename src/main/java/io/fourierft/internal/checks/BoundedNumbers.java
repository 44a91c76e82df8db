package io.fourierft.internal.checks;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import java.io.IOException;

/**
 * JSON whose numbers are all of a size that can be computed with. An exponent of ten digits is
 * legal JSON, but as a decimal number it overflows, or takes gigabytes once it is written out. The
 * length of numbers is the parser's own limit.
 */
public final class BoundedNumbers extends JsonParserDelegate {
  private static final int LONGEST_EXPONENT = 6;

  /** Guards {@code parser}. */
  public BoundedNumbers(JsonParser parser) {
    super(parser);
  }

  @Override
  public JsonToken nextToken() throws IOException {
    JsonToken token = super.nextToken();
    if (token == JsonToken.VALUE_NUMBER_FLOAT) {
      requireExponent(getText());
    }
    return token;
  }

  private void requireExponent(String number) throws JsonParseException {
    int at = Math.max(number.indexOf('e'), number.indexOf('E')) + 1;
    while (at > 0 && at < number.length() && "+-0".indexOf(number.charAt(at)) >= 0) {
      at++;
    }
    if (at > 0 && number.length() - at > LONGEST_EXPONENT) {
      String brief = number.length() <= 40 ? number : number.substring(0, 40) + "...";
      throw new JsonParseException(
          this, "the number " + brief + " has an exponent that nothing can hold");
    }
  }
}
