package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.FUSED;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;

import io.fourierft.internal.cpu.ColumnFold;
import io.fourierft.internal.cpu.DenseCoefficients;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * What each coefficient puts into its column of a block of neighbouring rows, one row a lane:
 * {@code w·e^{2πi·u·(p+l)/M} = (w·e^{2πi·u·p/M}) · e^{2πi·u·l/M}}. The second factor, the rotor, is
 * made once and kept for adapters with the same places, so that the threads which read it need not
 * be told of other numbers; the root in the first is exact, so no error grows along the rows.
 */
final class EntryRotors {
  /** Entries of one task of {@link #prepare}. */
  private static final int GRAIN = 128;

  private final SimdPlans plans;
  private PhaseTable phases;
  private DenseCoefficients coefficients = new DenseCoefficients();
  private float[] rotors = {};

  /** The places that the rotors are of, once all are made. */
  private @Nullable ColumnFold prepared;

  private final AtomicInteger unprepared = new AtomicInteger();

  EntryRotors(SimdPlans plans) {
    this.plans = plans;
    this.phases = plans.phases(1);
  }

  void begin(DenseCoefficients newCoefficients) {
    coefficients = newCoefficients;
    phases = plans.phases(newCoefficients.fold().rows());
    ColumnFold fold = newCoefficients.fold();
    if (fold.equals(prepared)) {
      return;
    }
    prepared = null;
    int floats = fold.entries() * WIDTH;
    if (rotors.length < floats) {
      rotors = new float[floats];
    }
    unprepared.set(tasks());
  }

  long retainedBytes() {
    return 4L * rotors.length;
  }

  /** Tasks of {@link #prepare}: none where the rotors are there. */
  int tasks() {
    return prepared != null ? 0 : (coefficients.fold().entries() + GRAIN - 1) / GRAIN;
  }

  /** Makes the rotors of some entries. */
  void prepare(int task) {
    ColumnFold fold = coefficients.fold();
    int[] rowOf = fold.rowOf();
    float[] roots = phases.roots();
    int rows = fold.rows();
    int last = Math.min(fold.entries(), (task + 1) * GRAIN);
    for (int e = task * GRAIN; e < last; e++) {
      int at = e * WIDTH;
      int phase = 0;
      for (int l = 0; l < COUNT; l++) {
        rotors[at + l] = roots[2 * phase];
        rotors[at + COUNT + l] = roots[2 * phase + 1];
        phase += rowOf[e];
        phase -= phase >= rows ? rows : 0;
      }
    }
    if (unprepared.decrementAndGet() == 0) {
      prepared = fold;
    }
  }

  /**
   * Sums the entries of every column for rows {@code firstRow} and following: bin v of the block at
   * {@code spectrum[v*WIDTH]}, all bins written.
   */
  void sumColumns(int firstRow, float[] spectrum) {
    ColumnFold fold = coefficients.fold();
    Arrays.fill(spectrum, 0, (fold.cols() / 2 + 1) * WIDTH, 0f);
    int[] columns = fold.columns();
    int[] starts = fold.starts();
    for (int i = 0; i < columns.length; i++) {
      sumColumn(starts[i], starts[i + 1], firstRow, spectrum, columns[i] * WIDTH);
    }
  }

  private void sumColumn(int begin, int end, int firstRow, float[] spectrum, int at) {
    int[] rowOf = coefficients.fold().rowOf();
    float[] weights = coefficients.weights();
    float[] roots = phases.roots();
    FloatVector re = FloatVector.zero(SPECIES);
    FloatVector im = FloatVector.zero(SPECIES);
    for (int e = begin; e < end; e++) {
      int phase = 2 * phases.product(rowOf[e], firstRow);
      FloatVector cos = FloatVector.broadcast(SPECIES, weights[e] * roots[phase]);
      FloatVector sin = FloatVector.broadcast(SPECIES, weights[e] * roots[phase + 1]);
      FloatVector rotorRe = FloatVector.fromArray(SPECIES, rotors, e * WIDTH);
      FloatVector rotorIm = FloatVector.fromArray(SPECIES, rotors, e * WIDTH + COUNT);
      re = FUSED ? cos.fma(rotorRe, re) : cos.mul(rotorRe).add(re);
      im = FUSED ? cos.fma(rotorIm, im) : cos.mul(rotorIm).add(im);
      re = re.sub(sin.mul(rotorIm));
      im = FUSED ? sin.fma(rotorRe, im) : sin.mul(rotorRe).add(im);
    }
    re.intoArray(spectrum, at);
    im.intoArray(spectrum, at + COUNT);
  }

  /** The rotors turned to rows {@code firstRow} and following, entry e at {@code into[e*WIDTH]}. */
  void turn(int firstRow, float[] into) {
    ColumnFold fold = coefficients.fold();
    int[] rowOf = fold.rowOf();
    float[] weights = coefficients.weights();
    float[] roots = phases.roots();
    int entries = fold.entries();
    for (int e = 0; e < entries; e++) {
      int phase = 2 * phases.product(rowOf[e], firstRow);
      FloatVector cos = FloatVector.broadcast(SPECIES, weights[e] * roots[phase]);
      FloatVector sin = FloatVector.broadcast(SPECIES, weights[e] * roots[phase + 1]);
      FloatVector rotorRe = FloatVector.fromArray(SPECIES, rotors, e * WIDTH);
      FloatVector rotorIm = FloatVector.fromArray(SPECIES, rotors, e * WIDTH + COUNT);
      cos.mul(rotorRe).sub(sin.mul(rotorIm)).intoArray(into, e * WIDTH);
      cos.mul(rotorIm).add(sin.mul(rotorRe)).intoArray(into, e * WIDTH + COUNT);
    }
  }
}
