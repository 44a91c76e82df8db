package io.fourierft.internal.cpu;

import io.fourierft.internal.checks.KeptSpectrum;

/** Kept transforms, one array for each block of tokens. */
final class CpuTokenSpectrum extends KeptSpectrum {
  private volatile float[][] blocks;
  private volatile boolean closed;

  /** Room for the transforms that engine {@code core} makes of so many tokens. */
  CpuTokenSpectrum(EngineCore core, int capacity, int features) {
    super(core, capacity, features);
    this.blocks = new float[core.mostBlocks(capacity)][core.spectrumFloats(features, capacity)];
  }

  /** The array of one block. */
  float[] block(int index) {
    return blocks[index];
  }

  @Override
  protected boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    // A call that still reads keeps its arrays alive until it ends.
    blocks = new float[0][];
  }
}
