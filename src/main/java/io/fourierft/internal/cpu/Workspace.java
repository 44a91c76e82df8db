package io.fourierft.internal.cpu;

import io.fourierft.internal.host.ElementRuns;

/**
 * Scratch memory for one thread at a time. Arrays grow to the largest size asked for and stay; each
 * kernel set derives its own, with its plans.
 */
public class Workspace {
  private float[] inputSpectrum = {};
  private float[] outputSpectrum = {};
  private final ElementRuns elementRuns = new ElementRuns();
  private float[] line = {};
  private float[] measured = {};
  private double[] doubleLine = {};
  private double[] doubleSums = {};

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

  /** Room for a run of elements in double. */
  final double[] doubleLine(int doubles) {
    if (doubleLine.length < doubles) {
      doubleLine = new double[doubles];
    }
    return doubleLine;
  }

  /** Room for sums in double. */
  final double[] doubleSums(int doubles) {
    if (doubleSums.length < doubles) {
      doubleSums = new double[doubles];
    }
    return doubleSums;
  }

  /** The way to and from the caller's memory. */
  public final ElementRuns elementRuns() {
    return elementRuns;
  }
}
