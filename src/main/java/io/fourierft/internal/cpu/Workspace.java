package io.fourierft.internal.cpu;

/**
 * Scratch memory for one thread at a time. Arrays grow to the largest size asked for and stay; each
 * kernel set derives its own, with its plans.
 */
public class Workspace {
  private float[] inputSpectrum = {};
  private float[] outputSpectrum = {};
  private final HostRows hostRows = new HostRows();
  private float[] line = {};
  private float[] measured = {};

  /** Room for the transform of a block of inputs. */
  public final float[] inputSpectrum(int floats) {
    if (inputSpectrum.length < floats) {
      inputSpectrum = new float[floats];
    }
    return inputSpectrum;
  }

  /** Room for the transform of a block of upstream gradients. */
  public final float[] outputSpectrum(int floats) {
    if (outputSpectrum.length < floats) {
      outputSpectrum = new float[floats];
    }
    return outputSpectrum;
  }

  /** Room for the elements of a matrix that a sink adds to. */
  public final float[] line(int floats) {
    if (line.length < floats) {
      line = new float[floats];
    }
    return line;
  }

  /** Room for what an addition is measured by. */
  final float[] measured(int floats) {
    if (measured.length < floats) {
      measured = new float[floats];
    }
    return measured;
  }

  /** The way to and from the caller's memory. */
  public final HostRows hostRows() {
    return hostRows;
  }
}
