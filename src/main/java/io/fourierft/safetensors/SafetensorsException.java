package io.fourierft.safetensors;

import io.fourierft.FourierException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A file that breaks a rule of the format; the message names the file, the tensor and the rule. */
public final class SafetensorsException extends FourierException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_QUOTE = 200;

  private final String path;
  private final @Nullable String tensor;
  private final String rule;

  SafetensorsException(Path path, @Nullable String tensor, String rule) {
    this(path, tensor, rule, null);
  }

  SafetensorsException(Path path, @Nullable String tensor, String rule, @Nullable Throwable cause) {
    super(path + ": " + (tensor == null ? "" : "tensor " + quote(tensor) + ": ") + rule, cause);
    this.path = path.toString();
    this.tensor = tensor;
    this.rule = rule;
  }

  /** The file, or the folder of a checkpoint. */
  public Path path() {
    return Path.of(path);
  }

  /** The tensor's whole name; null where the fault is not one tensor's. */
  public @Nullable String tensor() {
    return tensor;
  }

  /** The rule that was broken, with the value that broke it, without file and tensor. */
  public String rule() {
    return rule;
  }

  /** {@code text} in quotes for a message: control characters escaped, cut where it is long. */
  static String quote(String text) {
    StringBuilder quoted = new StringBuilder("'");
    int shown = Math.min(text.length(), LONGEST_QUOTE);
    for (int i = 0; i < shown; i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) || Character.isSurrogate(c)) {
        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    quoted.append('\'');
    if (shown < text.length()) {
      quoted.append("... (").append(text.length()).append(" characters)");
    }
    return quoted.toString();
  }
}
