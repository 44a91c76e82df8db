package io.fourierft.internal.cuda.kernels;

import java.util.Locale;

/** The kernels of {@code native/include/fourierft_kernels.h}, which says what each one does. */
public enum Kernel {
  ABI_VERSION,
  SCATTER_FULL,
  SCATTER_HALF,
  SCATTER_COLUMNS,
  EXPAND_COLUMNS,
  DIRECT_DELTA,
  STORE_DELTA,
  ADD_DELTA,
  REDUCE_ADDITION,
  PACK,
  GATHER_MULTIPLY,
  ACCUMULATE,
  SPECTRUM_GRADIENT,
  REDUCE_SPECTRUM_GRADIENT,
  DELTA_GRADIENT,
  GRADIENT_SQUARES,
  DECIDE_STEP,
  ADAMW_STEP,
  LINE_DELTA,
  LINE_ADD,
  LINE_ADD_MEASURED,
  LINE_APPLY,
  LINE_BACKWARD;

  /** FOURIERFT_KERNEL_ABI of the header that this code was written against. */
  public static final int ABI = 8;

  /** FOURIERFT_BLOCK: threads of a block, in every launch but those of lines. */
  public static final int BLOCK = 256;

  /** FOURIERFT_TILE: edge of the square tiles of the transposing kernels. */
  public static final int TILE = 32;

  /** FOURIERFT_SEGMENT: elements of a row that one block takes at a time. */
  public static final int SEGMENT = 1024;

  /** FOURIERFT_TOKEN_TILE: tokens that one block of the operator takes at a time. */
  public static final int TOKEN_TILE = 4;

  /** Whether this is one of {@code fourierft_lines.h}, which take dynamic shared memory. */
  public boolean takesLines() {
    return compareTo(LINE_DELTA) >= 0;
  }

  /** The C name. */
  public String symbol() {
    return "fourierft_" + name().toLowerCase(Locale.ROOT);
  }

  /** Smallest number of groups of {@code size} that hold {@code count}. */
  public static long groups(long count, long size) {
    return (count + size - 1) / size;
  }
}
