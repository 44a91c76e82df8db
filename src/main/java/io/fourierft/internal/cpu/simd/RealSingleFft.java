package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.Lanes.SPECIES;
import static java.util.Objects.requireNonNull;

import io.fourierft.internal.definition.RootsOfUnity;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import org.jspecify.annotations.Nullable;

/**
 * One real transform, as {@link RealLaneFft} in signs and scale, with the lanes across its own
 * sub-transforms. A half spectrum has its real parts at {@code [at + v]} and its imaginary parts at
 * {@code [at + pitch() + v]}, v = 0 .. n/2. Immutable.
 */
final class RealSingleFft {
  private static final VectorShuffle<Float> REVERSED =
      VectorShuffle.fromOp(SPECIES, l -> COUNT - 1 - l);

  private final int length;
  private final int complexLength;
  private final @Nullable SingleFft complex;
  // Where it is less work. Two fields and no interface: the usual length's calls are bound
  // statically.
  private final @Nullable SingleChirp chirp;
  private final float[] cosines;
  private final float[] sines;

  RealSingleFft(int length) {
    this.length = length;
    this.complexLength = length % 2 == 0 ? length / 2 : length;
    boolean convolved = SingleChirp.isCheaper(complexLength);
    this.complex = convolved ? null : new SingleFft(complexLength);
    this.chirp = convolved ? new SingleChirp(complexLength) : null;
    int quarter = length / 4 + 1 + COUNT;
    this.cosines = new float[quarter];
    this.sines = new float[quarter];
    for (int v = 0; v < quarter; v++) {
      cosines[v] = (float) RootsOfUnity.cosine(v, length);
      sines[v] = (float) RootsOfUnity.sine(v, length);
    }
  }

  /** Floats between the real and the imaginary parts of a half spectrum. */
  int pitch() {
    return complexLength + 1 + SingleFft.slack();
  }

  /** Floats of a half spectrum. */
  int spectrumFloats() {
    return 2 * pitch();
  }

  /** Floats of the array of real numbers. */
  int lineFloats() {
    return Math.max(length, 2) + 2 * SingleFft.slack();
  }

  /** Floats of blocks that a transform needs. */
  int blockFloats() {
    return complex != null ? complex.blockFloats() : requireNonNull(chirp).blockFloats();
  }

  /** Floats of scratch memory that a transform needs, a tile for transpositions included. */
  int scratchFloats() {
    return complex != null ? complex.scratchFloats() : requireNonNull(chirp).scratchFloats();
  }

  /** From n real numbers at the start of {@code line} to the half spectrum at {@code at}. */
  void forward(float[] line, float[] spectrum, int at, float[] blocks, float[] scratch) {
    int im = at + pitch();
    if (length % 2 != 0) {
      System.arraycopy(line, 0, spectrum, at, length);
      Arrays.fill(spectrum, im, im + length, 0f);
      apart(spectrum, at, im, blocks, scratch);
      return;
    }
    if (complex != null) {
      complex.fromPairs(line, spectrum, at, spectrum, im, blocks, scratch);
    } else {
      requireNonNull(chirp).fromPairs(line, spectrum, at, spectrum, im, blocks, scratch);
    }
    separate(spectrum, at, im);
  }

  /** From the half spectrum, which is overwritten, to n real numbers at the start of the line. */
  void inverse(float[] spectrum, int at, float[] line, float[] blocks, float[] scratch) {
    int im = at + pitch();
    if (length % 2 != 0) {
      spectrum[im] = 0;
      for (int v = 1; v <= length / 2; v++) {
        spectrum[at + length - v] = spectrum[at + v];
        spectrum[im + length - v] = -spectrum[im + v];
      }
      apart(spectrum, at, im, blocks, scratch);
      System.arraycopy(spectrum, at, line, 0, length);
      return;
    }
    join(spectrum, at, im);
    if (complex != null) {
      complex.toPairs(spectrum, at, spectrum, im, line, blocks, scratch);
    } else {
      requireNonNull(chirp).toPairs(spectrum, at, spectrum, im, line, blocks, scratch);
    }
  }

  private void apart(float[] spectrum, int at, int im, float[] blocks, float[] scratch) {
    if (complex != null) {
      complex.apart(spectrum, at, spectrum, im, blocks, scratch);
    } else {
      requireNonNull(chirp).apart(spectrum, at, spectrum, im, blocks, scratch);
    }
  }

  private void separate(float[] x, int at, int im) {
    int half = length / 2;
    float first = x[at];
    float second = x[im];
    x[at] = first + second;
    x[im] = 0;
    x[at + half] = first - second;
    x[im + half] = 0;
    int v = 1;
    for (; v + COUNT <= half / 2; v += COUNT) {
      int mirror = half - v - COUNT + 1;
      FloatVector lowRe = FloatVector.fromArray(SPECIES, x, at + v).mul(0.5f);
      FloatVector lowIm = FloatVector.fromArray(SPECIES, x, im + v).mul(0.5f);
      FloatVector highRe =
          FloatVector.fromArray(SPECIES, x, at + mirror).rearrange(REVERSED).mul(0.5f);
      FloatVector highIm =
          FloatVector.fromArray(SPECIES, x, im + mirror).rearrange(REVERSED).mul(0.5f);
      FloatVector wr = FloatVector.fromArray(SPECIES, cosines, v);
      FloatVector wi = FloatVector.fromArray(SPECIES, sines, v);
      FloatVector sumRe = lowRe.add(highRe);
      FloatVector sumIm = lowIm.sub(highIm);
      FloatVector differenceRe = lowRe.sub(highRe);
      FloatVector differenceIm = lowIm.add(highIm);
      FloatVector turnedRe = differenceRe.mul(wi).add(differenceIm.mul(wr)).neg();
      FloatVector turnedIm = differenceRe.mul(wr).sub(differenceIm.mul(wi));
      sumRe.sub(turnedRe).intoArray(x, at + v);
      sumIm.sub(turnedIm).intoArray(x, im + v);
      sumRe.add(turnedRe).rearrange(REVERSED).intoArray(x, at + mirror);
      sumIm.add(turnedIm).neg().rearrange(REVERSED).intoArray(x, im + mirror);
    }
    for (; 2 * v <= half; v++) {
      int mirror = half - v;
      float sumRe = 0.5f * (x[at + v] + x[at + mirror]);
      float sumIm = 0.5f * (x[im + v] - x[im + mirror]);
      float differenceRe = 0.5f * (x[at + v] - x[at + mirror]);
      float differenceIm = 0.5f * (x[im + v] + x[im + mirror]);
      float turnedRe = -(differenceRe * sines[v] + differenceIm * cosines[v]);
      float turnedIm = differenceRe * cosines[v] - differenceIm * sines[v];
      x[at + mirror] = sumRe + turnedRe;
      x[im + mirror] = -(sumIm + turnedIm);
      x[at + v] = sumRe - turnedRe;
      x[im + v] = sumIm - turnedIm;
    }
  }

  private void join(float[] x, int at, int im) {
    int half = length / 2;
    float first = x[at];
    float last = x[at + half];
    x[at] = first + last;
    x[im] = first - last;
    int v = 1;
    for (; v + COUNT <= half / 2; v += COUNT) {
      int mirror = half - v - COUNT + 1;
      FloatVector lowRe = FloatVector.fromArray(SPECIES, x, at + v);
      FloatVector lowIm = FloatVector.fromArray(SPECIES, x, im + v);
      FloatVector highRe = FloatVector.fromArray(SPECIES, x, at + mirror).rearrange(REVERSED);
      FloatVector highIm = FloatVector.fromArray(SPECIES, x, im + mirror).rearrange(REVERSED);
      FloatVector wr = FloatVector.fromArray(SPECIES, cosines, v);
      FloatVector wi = FloatVector.fromArray(SPECIES, sines, v);
      FloatVector sumRe = lowRe.add(highRe);
      FloatVector sumIm = lowIm.sub(highIm);
      FloatVector differenceRe = lowRe.sub(highRe);
      FloatVector differenceIm = lowIm.add(highIm);
      FloatVector turnedRe = differenceRe.mul(wi).add(differenceIm.mul(wr)).neg();
      FloatVector turnedIm = differenceRe.mul(wr).sub(differenceIm.mul(wi));
      sumRe.add(turnedRe).intoArray(x, at + v);
      sumIm.add(turnedIm).intoArray(x, im + v);
      sumRe.sub(turnedRe).rearrange(REVERSED).intoArray(x, at + mirror);
      turnedIm.sub(sumIm).rearrange(REVERSED).intoArray(x, im + mirror);
    }
    for (; 2 * v <= half; v++) {
      int mirror = half - v;
      float sumRe = x[at + v] + x[at + mirror];
      float sumIm = x[im + v] - x[im + mirror];
      float differenceRe = x[at + v] - x[at + mirror];
      float differenceIm = x[im + v] + x[im + mirror];
      float turnedRe = -(differenceRe * sines[v] + differenceIm * cosines[v]);
      float turnedIm = differenceRe * cosines[v] - differenceIm * sines[v];
      x[at + mirror] = sumRe - turnedRe;
      x[im + mirror] = turnedIm - sumIm;
      x[at + v] = sumRe + turnedRe;
      x[im + v] = sumIm + turnedIm;
    }
  }
}
