package io.fourierft.internal.cuda.struct;

import java.lang.foreign.StructLayout;
import java.nio.ByteBuffer;

/**
 * The contents of one C struct of {@code native/include}. Pointers are {@code long}s; the names are
 * C's in camel case, and the layout has C's own.
 */
public interface Struct {
  /** Fields and offsets, as C has them. */
  StructLayout layout();

  /** Puts the fields one after another; the buffer is little-endian. */
  void write(ByteBuffer to);
}
