package io.fourierft.cli;

import io.fourierft.ElementType;
import org.jspecify.annotations.Nullable;

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
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
