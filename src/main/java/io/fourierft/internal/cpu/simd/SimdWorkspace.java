package io.fourierft.internal.cpu.simd;

import io.fourierft.internal.cpu.Workspace;

/** The scratch memory of one thread: two blocks for a transform, and what passes and tiles need. */
final class SimdWorkspace extends Workspace {
  private final float[] tile = new float[Lanes.COUNT * Lanes.COUNT];
  private float[] first = {};
  private float[] second = {};
  private float[] scratch = {};
  private float[] rotors = {};
  private float[] coefficients = {};
  private float[] turned = {};
  private float[] mirror = {};
  private int[] phases = {};

  /** Room for a block. */
  float[] first(int floats) {
    if (first.length < floats) {
      first = new float[floats];
    }
    return first;
  }

  /** Room for another block. */
  float[] second(int floats) {
    if (second.length < floats) {
      second = new float[floats];
    }
    return second;
  }

  /** Room for the passes of a transform. */
  float[] scratch(int floats) {
    if (scratch.length < floats) {
      scratch = new float[floats];
    }
    return scratch;
  }

  /** Room for the mirror image of rows. */
  float[] mirror(int floats) {
    if (mirror.length < floats) {
      mirror = new float[floats];
    }
    return mirror;
  }

  /** Room for a complex vector of each coefficient. */
  float[] rotors(int floats) {
    if (rotors.length < floats) {
      rotors = new float[floats];
    }
    return rotors;
  }

  /** Room for an index of each coefficient. */
  int[] phases(int count) {
    if (phases.length < count) {
      phases = new int[count];
    }
    return phases;
  }

  /** Room for the coefficients of the adapters in a block. */
  float[] coefficients(int floats) {
    if (coefficients.length < floats) {
      coefficients = new float[floats];
    }
    return coefficients;
  }

  /** Room for the same, turned. */
  float[] turned(int floats) {
    if (turned.length < floats) {
      turned = new float[floats];
    }
    return turned;
  }

  /** A square of as many vectors as there are lanes. */
  float[] tile() {
    return tile;
  }
}
