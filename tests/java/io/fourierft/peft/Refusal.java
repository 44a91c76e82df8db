package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Expects the library's exception and looks at its words. */
final class Refusal {
  private Refusal() {}

  /** The message of the exception that {@code action} must throw. */
  static String of(Executable action) {
    return String.valueOf(assertThrows(PeftException.class, action).getMessage());
  }

  /** Expects every one of {@code words} in the message. */
  static void says(Executable action, String... words) {
    String message = of(action);
    for (String word : words) {
      assertTrue(message.contains(word), () -> "'" + word + "' is not in: " + message);
    }
  }
}
