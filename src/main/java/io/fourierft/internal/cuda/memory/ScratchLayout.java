package io.fourierft.internal.cuda.memory;

/** Divides a piece of device memory; every part starts as aligned as cuFFT and vectors like it. */
public final class ScratchLayout {
  private static final long ALIGNMENT = 256;

  private long bytes;

  /** Offset of a part of that many bytes. */
  public long add(long size) {
    long at = bytes;
    bytes = Math.addExact(bytes, Math.multiplyExact((size + ALIGNMENT - 1) / ALIGNMENT, ALIGNMENT));
    return at;
  }

  /** Bytes of all parts. */
  public long bytes() {
    return bytes;
  }
}
