package io.fourierft.internal.cpu;

import io.fourierft.EngineClosedException;
import io.fourierft.TokenSpectrum;

/** Kept transforms, one array for each block of tokens. */
final class CpuTokenSpectrum implements TokenSpectrum {
  private final CpuEngine owner;
  private final int capacity;
  private final int features;
  private volatile float[][] blocks;
  private volatile int tokens;
  private volatile boolean closed;

  CpuTokenSpectrum(CpuEngine owner, int capacity, int features, int blocks, int floatsPerBlock) {
    this.owner = owner;
    this.capacity = capacity;
    this.features = features;
    this.blocks = new float[blocks][floatsPerBlock];
  }

  /** The engine that made this. */
  CpuEngine owner() {
    return owner;
  }

  /** The array of one block. */
  float[] block(int index) {
    return blocks[index];
  }

  /** Says how many tokens are in. */
  void filled(int newTokens) {
    tokens = newTokens;
  }

  void requireOpen() {
    if (closed) {
      throw new EngineClosedException("the token spectrum has been closed; make a new one");
    }
  }

  @Override
  public int capacity() {
    return capacity;
  }

  @Override
  public int tokens() {
    return tokens;
  }

  @Override
  public int features() {
    return features;
  }

  @Override
  public void close() {
    closed = true;
    // A call that still reads keeps its arrays alive until it ends.
    blocks = new float[0][];
  }
}
