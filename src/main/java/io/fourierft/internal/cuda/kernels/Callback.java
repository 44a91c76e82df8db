package io.fourierft.internal.cuda.kernels;

import io.fourierft.internal.cuda.ffm.Cufft;
import java.util.Locale;

/** The callbacks of {@code native/include/fourierft_callbacks.h}, which says what each one does. */
public enum Callback {
  LOAD_HALF(Cufft.LOAD_COMPLEX),
  LOAD_SLOTS(Cufft.LOAD_COMPLEX),
  LOAD_COLUMNS(Cufft.LOAD_COMPLEX),
  STORE_DELTA_ELEMENT(Cufft.STORE_REAL);

  private final int type;

  Callback(int type) {
    this.type = type;
  }

  /** The cufftXtCallbackType. */
  public int type() {
    return type;
  }

  /** The C++ name. */
  public String symbol() {
    return "fourierft_" + name().toLowerCase(Locale.ROOT);
  }
}
