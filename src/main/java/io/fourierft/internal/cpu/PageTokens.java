package io.fourierft.internal.cpu;

import io.fourierft.AdapterRouting;
import io.fourierft.HostMatrix;

/**
 * The spectral operator on a block of many tokens, side by side in pages. Their transforms are kept
 * by bin: real parts of bin v of all tokens from {@code 2v·count} on, imaginary parts from {@code
 * (2v + 1)·count} on.
 */
final class PageTokens {
  /** Tokens of a small block. */
  private static final int FEW = 32;

  /** Tokens of a large block, which take two thirds of the time each. */
  private static final int MOST = 128;

  /**
   * So many blocks share a call out among threads before they grow: sums over tokens have the same
   * blocks whatever their number.
   */
  private static final int BLOCKS = 8;

  /** With fewer it is quicker to transform one after the other. */
  static final int LEAST = 12;

  private PageTokens() {}

  /** Tokens of each block of a call: 32, from eight such blocks on 64, then 128. */
  static int perBlock(int tokens) {
    int size = FEW;
    while (size < MOST && tokens > BLOCKS * size) {
      size *= 2;
    }
    return size;
  }

  /**
   * Tokens that go through {@link #apply} together: whole blocks, so many that the loops are long
   * and every thread has two parts.
   */
  static int perApplication(int tokens, int threads) {
    int parts = threads == 1 ? 1 : 2 * threads;
    int size = perBlock(tokens);
    while (size < MOST && tokens > parts * size) {
      size *= 2;
    }
    return size;
  }

  /**
   * {@code y += map(x)} for some tokens that all take the same adapters: bins go from pages to
   * pages.
   */
  static void apply(
      SpectralMap map, HostMatrix x, int first, int count, HostMatrix y, JTransformsWorkspace own) {
    RealPageFft in = own.pagePlan(map.inLength(), false);
    SignalPages from = own.inputPages(in, count);
    TokenPages.load(x, first, count, in, from, own);
    in.forward(from, count);
    TokenPages.spoil(x, first, count, in, from, own);
    RealPageFft out = own.pagePlan(map.outLength(), false);
    SignalPages to = own.pages(out, count);
    to.clear(out.pages(), count);
    for (int a = 0; a < map.adapters(); a++) {
      gather(map.fold(a), map.weights(a), in, from, out, to, count);
    }
    out.inverse(to, count);
    TokenPages.add(map, out, to, first, count, y, own);
  }

  private static void gather(
      SpectralFold fold,
      float[] weights,
      RealPageFft in,
      SignalPages from,
      RealPageFft out,
      SignalPages to,
      int count) {
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    int[] inBins = fold.inBins();
    for (int i = 0; i < outBins.length; i++) {
      int page = out.bin(0, outBins[i]);
      float[] re = to.re()[page];
      float[] im = to.im()[page];
      for (int e = starts[i]; e < starts[i + 1]; e++) {
        int source = in.transformedBin(0, inBins[e]);
        PageLoops.addTimes(
            weights[2 * e],
            from.re()[source],
            weights[2 * e + 1],
            from.im()[source],
            re,
            im,
            count);
      }
    }
  }

  static void transform(
      HostMatrix x, int first, int count, float[] spectrum, JTransformsWorkspace own) {
    RealPageFft plan = own.pagePlan(x.cols(), false);
    SignalPages pages = own.pages(plan, count);
    TokenPages.load(x, first, count, plan, pages, own);
    plan.forward(pages, count);
    TokenPages.spoil(x, first, count, plan, pages, own);
    for (int v = 0; 2 * v <= x.cols(); v++) {
      int page = plan.transformedBin(0, v);
      System.arraycopy(pages.re()[page], 0, spectrum, 2 * v * count, count);
      System.arraycopy(pages.im()[page], 0, spectrum, (2 * v + 1) * count, count);
    }
  }

  static void synthesize(
      SpectralMap map,
      float[] spectrum,
      int first,
      int count,
      HostMatrix y,
      JTransformsWorkspace own) {
    RealPageFft plan = own.pagePlan(map.outLength(), false);
    SignalPages pages = own.pages(plan, count);
    pages.clear(plan.pages(), count);
    if (!map.isPerToken()) {
      for (int a = 0; a < map.adapters(); a++) {
        gather(map.fold(a), map.weights(a), spectrum, plan, pages, count, own);
      }
    } else {
      for (int i = 0; i < count; i++) {
        int a = map.adapterOf(first + i);
        if (a != AdapterRouting.NONE) {
          gatherOne(map.fold(a), map.weights(a), spectrum, plan, pages, i, count);
        }
      }
    }
    plan.inverse(pages, count);
    TokenPages.add(map, plan, pages, first, count, y, own);
  }

  private static void gather(
      SpectralFold fold,
      float[] weights,
      float[] spectrum,
      RealPageFft plan,
      SignalPages pages,
      int count,
      JTransformsWorkspace own) {
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    int[] inBins = fold.inBins();
    // Lines of the spectrum begin elsewhere than pages: with one index there are vectors.
    float[] real = own.real(count);
    float[] imaginary = own.imaginary(count);
    for (int i = 0; i < outBins.length; i++) {
      int page = plan.bin(0, outBins[i]);
      float[] re = pages.re()[page];
      float[] im = pages.im()[page];
      for (int e = starts[i]; e < starts[i + 1]; e++) {
        int at = 2 * inBins[e] * count;
        System.arraycopy(spectrum, at, real, 0, count);
        System.arraycopy(spectrum, at + count, imaginary, 0, count);
        PageLoops.addTimes(weights[2 * e], real, weights[2 * e + 1], imaginary, re, im, count);
      }
    }
  }

  private static void gatherOne(
      SpectralFold fold,
      float[] weights,
      float[] spectrum,
      RealPageFft plan,
      SignalPages pages,
      int token,
      int count) {
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    int[] inBins = fold.inBins();
    for (int i = 0; i < outBins.length; i++) {
      float re = 0;
      float im = 0;
      for (int e = starts[i]; e < starts[i + 1]; e++) {
        int at = 2 * inBins[e] * count + token;
        re += weights[2 * e] * spectrum[at];
        im += weights[2 * e + 1] * spectrum[at + count];
      }
      int page = plan.bin(0, outBins[i]);
      pages.re()[page][token] = re;
      pages.im()[page][token] = im;
    }
  }

  static void accumulateGradient(
      SpectralMap map, float[] xs, float[] gs, int first, int count, double[][] sums) {
    if (!map.isPerToken()) {
      for (int a = 0; a < map.adapters(); a++) {
        correlate(map.fold(a), xs, gs, 0, count, count, sums[a]);
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      int a = map.adapterOf(first + i);
      if (a != AdapterRouting.NONE) {
        correlate(map.fold(a), xs, gs, i, i + 1, count, sums[a]);
      }
    }
  }

  /** Of tokens {@code from} to {@code end − 1} of the block. */
  private static void correlate(
      SpectralFold fold, float[] xs, float[] gs, int from, int end, int count, double[] sums) {
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    int[] inBins = fold.inBins();
    float[] signs = fold.signs();
    for (int i = 0; i < outBins.length; i++) {
      int g = 2 * outBins[i] * count;
      for (int e = starts[i]; e < starts[i + 1]; e++) {
        int x = 2 * inBins[e] * count;
        double real = sum(xs, x + from, gs, g + from, end - from);
        double imaginary = sum(xs, x + count + from, gs, g + count + from, end - from);
        sums[e] += real - signs[e] * imaginary;
      }
    }
  }

  /** The sum of products of floats, in double, in four parts that do not wait for one another. */
  private static double sum(float[] xs, int x, float[] gs, int g, int count) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i + 4 <= count; i += 4) {
      a += (double) xs[x + i] * gs[g + i];
      b += (double) xs[x + i + 1] * gs[g + i + 1];
      c += (double) xs[x + i + 2] * gs[g + i + 2];
      d += (double) xs[x + i + 3] * gs[g + i + 3];
    }
    for (; i < count; i++) {
      a += (double) xs[x + i] * gs[g + i];
    }
    return (a + b) + (c + d);
  }
}
