package io.fourierft.cli;

import io.fourierft.ElementType;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The values of {@code --dtype}. */
enum OutputDtype {
  KEEP(null),
  F32(ElementType.F32),
  F16(ElementType.F16),
  BF16(ElementType.BF16);

  private final @Nullable ElementType elementType;

  OutputDtype(@Nullable ElementType elementType) {
    this.elementType = elementType;
  }

  /** The format; null for keeping each tensor's own. */
  @Nullable ElementType elementType() {
    return elementType;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads a value in any case. */
  static final class Reader implements ITypeConverter<OutputDtype> {
    @Override
    public OutputDtype convert(String text) {
      for (OutputDtype dtype : values()) {
        if (dtype.toString().equals(text.toLowerCase(Locale.ROOT))) {
          return dtype;
        }
      }
      throw new TypeConversionException(
          "'" + text + "' is no format of weights; use keep, f32, f16 or bf16");
    }
  }
}
