package io.fourierft.internal.cpu.simd;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import java.lang.foreign.MemorySegment;

/** What a product reads and writes, and the tokens in the order in which they are read. */
final class ProductOperands {
  private static final HostMatrix NOTHING = Matrix.of(MemorySegment.NULL, ElementType.F32, 0, 1);

  private HostMatrix x = NOTHING;
  private HostMatrix w = NOTHING;
  private HostMatrix out = NOTHING;
  private int first;
  private int count;
  private float[] tokens = {};

  void set(HostMatrix newX, int newFirst, int newCount, HostMatrix newW, HostMatrix newOut) {
    x = newX;
    first = newFirst;
    count = newCount;
    w = newW;
    out = newOut;
  }

  /** Lets go of the matrices. */
  void clear() {
    x = NOTHING;
    w = NOTHING;
    out = NOTHING;
  }

  /** Numbers of a token. */
  int inputs() {
    return x.cols();
  }

  /** Numbers of a result. */
  int outputs() {
    return out.cols();
  }

  /** Tokens of this product. */
  int count() {
    return count;
  }

  /** The matrix. */
  HostMatrix w() {
    return w;
  }

  /** Makes room for the packed tokens; what it holds is undefined. */
  void reserve(int floats) {
    if (tokens.length < floats) {
      tokens = new float[floats];
    }
  }

  /** The packed tokens. */
  float[] tokens() {
    return tokens;
  }

  /** Copies token t to {@code target[at ..]}. */
  void loadToken(int t, float[] target, int at, SimdWorkspace workspace) {
    workspace.elementRuns().load(x, first + t, 0, x.cols(), target, at);
  }

  /** Adds {@code values[0 .. width − 1]} to the result of token t from column p on. */
  void addToResult(int t, int p, int width, float[] values, SimdWorkspace workspace) {
    workspace.elementRuns().add(out, first + t, p, width, values, 0, 1f);
  }
}
