package io.fourierft.internal.cuda.memory;

import java.util.Arrays;

/** Bytes compared by value; their hash is computed once. */
public final class TableContents {
  private final byte[] bytes;
  private final int hash;

  /** Of bytes that nobody changes any more. */
  public TableContents(byte[] bytes) {
    this.bytes = bytes;
    this.hash = Arrays.hashCode(bytes);
  }

  byte[] bytes() {
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof TableContents that
            && hash == that.hash
            && Arrays.equals(bytes, that.bytes));
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
