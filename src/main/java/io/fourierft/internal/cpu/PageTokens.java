package io.fourierft.internal.cpu;

import io.fourierft.AdapterRouting;
import io.fourierft.HostMatrix;
import io.fourierft.internal.definition.ResultScale;

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

  /** Elements of every token that are brought into pages or out of them together. */
  private static final int TILE = 256;

  /** Between the tokens of a tile; not a power of two, which would want few places of the cache. */
  private static final int STRIDE = TILE + 16;

  private PageTokens() {}

  /** Tokens of each block of a call: 32, from eight such blocks on 64, then 128. */
  static int perBlock(int tokens) {
    int size = FEW;
    while (size < MOST && tokens > BLOCKS * size) {
      size *= 2;
    }
    return size;
  }

  static void transform(
      HostMatrix x, int first, int count, float[] spectrum, JTransformsWorkspace own) {
    int features = x.cols();
    RealPageFft plan = own.pagePlan(features, false);
    SignalPages pages = own.pages(plan, count);
    float[] tile = own.rows(count * STRIDE);
    boolean[] spoilt = own.spoilt(count);
    for (int from = 0; from < features; from += TILE) {
      int width = Math.min(TILE, features - from);
      for (int i = 0; i < count; i++) {
        own.elementRuns().load(x, first + i, from, width, tile, i * STRIDE);
        spoilt[i] |= !LinePlan.allFinite(tile, i * STRIDE, width);
      }
      for (int q = 0; q < width; q++) {
        float[] page = plan.element(pages, 0, from + q);
        for (int i = 0; i < count; i++) {
          page[i] = tile[i * STRIDE + q];
        }
      }
    }
    plan.forward(pages, count);
    for (int v = 0; 2 * v <= features; v++) {
      int page = plan.transformedBin(0, v);
      System.arraycopy(pages.re()[page], 0, spectrum, 2 * v * count, count);
      System.arraycopy(pages.im()[page], 0, spectrum, (2 * v + 1) * count, count);
    }
    for (int i = 0; i < count; i++) {
      if (spoilt[i]) {
        for (int line = 0; line < 2 * (features / 2 + 1); line++) {
          spectrum[line * count + i] = Float.NaN;
        }
      }
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
        gather(map.fold(a), map.weights(a), spectrum, plan, pages, count);
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
    add(map, plan, pages, first, count, y, own);
  }

  private static void gather(
      SpectralFold fold,
      float[] weights,
      float[] spectrum,
      RealPageFft plan,
      SignalPages pages,
      int count) {
    int[] outBins = fold.outBins();
    int[] starts = fold.starts();
    int[] inBins = fold.inBins();
    for (int i = 0; i < outBins.length; i++) {
      int page = plan.bin(0, outBins[i]);
      float[] re = pages.re()[page];
      float[] im = pages.im()[page];
      for (int e = starts[i]; e < starts[i + 1]; e++) {
        int at = 2 * inBins[e] * count;
        addTimes(weights[2 * e], spectrum, at, re, count);
        addTimes(weights[2 * e + 1], spectrum, at + count, im, count);
      }
    }
  }

  private static void addTimes(float factor, float[] spectrum, int from, float[] page, int count) {
    for (int i = 0; i < count; i++) {
      page[i] += factor * spectrum[from + i];
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

  /** Adds the tokens' results to y, each with its scale. */
  private static void add(
      SpectralMap map,
      RealPageFft plan,
      SignalPages pages,
      int first,
      int count,
      HostMatrix y,
      JTransformsWorkspace own) {
    int length = map.outLength();
    float[] tile = own.rows(count * STRIDE);
    for (int from = 0; from < length; from += TILE) {
      int width = Math.min(TILE, length - from);
      for (int q = 0; q < width; q++) {
        float[] page = plan.transformedElement(pages, 0, from + q);
        for (int i = 0; i < count; i++) {
          tile[i * STRIDE + q] = page[i];
        }
      }
      for (int i = 0; i < count; i++) {
        int a = map.isPerToken() ? map.adapterOf(first + i) : 0;
        if (a != AdapterRouting.NONE) {
          scale(map.scale(a), tile, i * STRIDE, width);
          own.elementRuns().add(y, first + i, from, width, tile, i * STRIDE, 1);
        }
      }
    }
  }

  private static void scale(ResultScale scale, float[] tile, int at, int width) {
    float one = scale.first();
    float two = scale.second();
    for (int q = at; q < at + width; q++) {
      tile[q] = tile[q] * one * two;
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
