package io.fourierft.internal.cpu;

import io.fourierft.AdapterRouting;
import io.fourierft.HostMatrix;

/** The ways of a block of tokens from a matrix into pages and from pages to a matrix. */
final class TokenPages {
  /** Elements of every token that are brought into pages or out of them together. */
  private static final int TILE = 256;

  /** Between the tokens of a tile; not a power of two, which would want few places of the cache. */
  private static final int STRIDE = TILE + 16;

  private TokenPages() {}

  /** Brings tokens into the pages that {@link RealPageFft#forward} takes. */
  static void load(
      HostMatrix x,
      int first,
      int count,
      RealPageFft plan,
      SignalPages pages,
      JTransformsWorkspace own) {
    int features = x.cols();
    float[] tile = own.rows(count * STRIDE);
    for (int from = 0; from < features; from += TILE) {
      int width = Math.min(TILE, features - from);
      for (int i = 0; i < count; i++) {
        own.elementRuns().load(x, first + i, from, width, tile, i * STRIDE);
      }
      for (int q = 0; q < width; q++) {
        float[] page = plan.element(pages, 0, from + q);
        for (int i = 0; i < count; i++) {
          page[i] = tile[i * STRIDE + q];
        }
      }
    }
  }

  /** Makes all transformed bins of a token NaN of which a number is not finite. */
  static void spoil(
      HostMatrix x,
      int first,
      int count,
      RealPageFft plan,
      SignalPages pages,
      JTransformsWorkspace own) {
    // Bin 0 is the sum of a token's numbers: no other token need be looked at.
    float[] sums = pages.re()[plan.transformedBin(0, 0)];
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(sums[i]) && !allFinite(x, first + i, own)) {
        for (int v = 0; 2 * v <= plan.length(); v++) {
          int page = plan.transformedBin(0, v);
          pages.re()[page][i] = Float.NaN;
          pages.im()[page][i] = Float.NaN;
        }
      }
    }
  }

  private static boolean allFinite(HostMatrix x, int token, JTransformsWorkspace own) {
    float[] line = own.rows(TILE);
    for (int from = 0; from < x.cols(); from += TILE) {
      int width = Math.min(TILE, x.cols() - from);
      own.elementRuns().load(x, token, from, width, line, 0);
      if (!LinePlan.allFinite(line, 0, width)) {
        return false;
      }
    }
    return true;
  }

  /** Adds what {@link RealPageFft#inverse} has left in pages to y, each token with its scale. */
  static void add(
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
          int at = i * STRIDE;
          float factor = map.scale(a).factorLeft(tile, at, width);
          own.elementRuns().add(y, first + i, from, width, tile, at, factor);
        }
      }
    }
  }
}
