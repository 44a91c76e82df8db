package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static io.fourierft.internal.cpu.simd.Lanes.WIDTH;
import static java.util.Objects.requireNonNull;

import io.fourierft.internal.cpu.PackedEntries;
import io.fourierft.internal.cpu.SpectralMap;
import io.fourierft.internal.definition.HalfSpectrum;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The half spectra of a block most of whose tokens have places of their own. The block is turned,
 * so that the bins of one token stand together: an entry then reads and writes one number of 64
 * bits in the first cache and not two lines of the block at either end.
 */
final class LaneSpectra {
  private static final VectorSpecies<Float> COMPLEX = FloatVector.SPECIES_64;

  /** What the parts of an input bin are multiplied by: bin, then conjugate. */
  private static final float[] SIGNS = {0.5f, 0.5f, 0.5f, -0.5f};

  private LaneSpectra() {}

  /**
   * Whether so many lanes are worth turning the block, and it can be.
   *
   * @param lanes those with places of their own, as bits
   */
  static boolean suits(SpectralMap map, int first, long lanes) {
    if (Long.bitCount(lanes) < COUNT / 2
        || 2 * HalfSpectrum.bins(Math.min(map.inLength(), map.outLength())) < COUNT) {
      return false;
    }
    // What does not fit is too long for the two lengths, and so for all.
    int lane = Long.numberOfTrailingZeros(lanes);
    return map.fold(map.adapterOf(first + lane)).packed() != null;
  }

  /** Floats from one row to the next: no multiple of a page. */
  private static int stride(SpectralMap map) {
    int bins = HalfSpectrum.bins(Math.max(map.inLength(), map.outLength()));
    return Lanes.roundUp(2 * bins) + COUNT;
  }

  /** Floats of the rows that a block is turned to. */
  static int rowFloats(SpectralMap map) {
    return (COUNT + 1) * stride(map);
  }

  /**
   * Fills all of {@code half}: of other lanes than {@code lanes} with zeros.
   *
   * @param lanes as bits; {@link #suits} them
   * @param rows scratch memory, {@link #rowFloats} long
   */
  static void gather(
      SpectralMap map,
      float[] spectrum,
      int first,
      long lanes,
      float[] half,
      float[] rows,
      SimdWorkspace workspace) {
    int stride = stride(map);
    // What goes in stands one row further on than what comes out, and is overwritten lane by lane.
    turnIn(spectrum, 2 * HalfSpectrum.bins(map.inLength()), rows, stride, stride, workspace);
    int out = 2 * HalfSpectrum.bins(map.outLength());
    for (int l = 0; l < COUNT; l++) {
      int to = l * stride;
      Arrays.fill(rows, to, to + out, 0f);
      if ((lanes >>> l & 1) != 0) {
        add(map, map.adapterOf(first + l), rows, to + stride, to, workspace);
      }
    }
    turnOut(rows, stride, half, out, workspace);
    doubleSelfConjugate(map.outLength(), half);
  }

  private static void turnIn(
      float[] block, int floats, float[] rows, int at, int stride, SimdWorkspace workspace) {
    for (int q = 0; q < floats; q += COUNT) {
      // The last tile overlaps the one before it.
      int from = Math.min(q, floats - COUNT);
      Transposer.turn(block, from * COUNT, COUNT, workspace.tile(), rows, at + from, stride);
    }
  }

  private static void turnOut(
      float[] rows, int stride, float[] block, int floats, SimdWorkspace workspace) {
    for (int q = 0; q < floats; q += COUNT) {
      int from = Math.min(q, floats - COUNT);
      Transposer.turn(rows, from, stride, workspace.tile(), block, from * COUNT, COUNT);
    }
  }

  private static void add(
      SpectralMap map, int adapter, float[] rows, int from, int to, SimdWorkspace workspace) {
    PackedEntries entries = requireNonNull(map.fold(adapter).packed());
    int[] words = entries.words();
    float[] coefficients = workspace.coefficients(words.length);
    workspace.phases(1)[0] = touch(words);
    map.writeCoefficients(adapter, coefficients, 0);
    add(words, entries.outShift(), coefficients, rows, from, to);
  }

  /**
   * Reads one word of each cache line, all at once: 256 adapters have theirs in the last cache, and
   * the sums of {@link #add} leave no room to read far ahead. The result only keeps the loop alive.
   */
  private static int touch(int[] words) {
    int all = 0;
    for (int k = 0; k < words.length; k += COUNT) {
      all ^= words[k];
    }
    return all;
  }

  private static void add(
      int[] words, int outShift, float[] coefficients, float[] rows, int from, int to) {
    int inMask = (1 << outShift) - 2;
    for (int k = 0; k < words.length; k++) {
      int word = words[k];
      int in = from + (word & inMask);
      int out = to + 2 * (word >>> outShift);
      FloatVector.fromArray(COMPLEX, rows, in)
          .mul(FloatVector.fromArray(COMPLEX, SIGNS, 2 * (word & 1)))
          .mul(coefficients[k])
          .add(FloatVector.fromArray(COMPLEX, rows, out))
          .intoArray(rows, out);
    }
  }

  /** Bins that are their own conjugate take coefficients whole; their imaginary part is ignored. */
  private static void doubleSelfConjugate(int length, float[] half) {
    FloatVector.fromArray(SPECIES, half, 0).mul(2f).intoArray(half, 0);
    if (length % 2 == 0) {
      int last = length / 2 * WIDTH;
      FloatVector.fromArray(SPECIES, half, last).mul(2f).intoArray(half, last);
    }
  }
}
