package io.fourierft.internal.cpu;

import java.util.ArrayList;
import java.util.List;

/** A workspace with JTransforms plans, the most recently used first. */
final class JTransformsWorkspace extends Workspace {
  private static final int PLANS = 16;

  private final List<LinePlan> plans = new ArrayList<>();
  private final List<RealPageFft> pagePlans = new ArrayList<>();
  private final SignalPages wide = new SignalPages();
  private final SignalPages narrow = new SignalPages();
  private final SignalPages input = new SignalPages();
  private float[] rows = {};
  private float[] spectra = {};
  private float[] mirror = {};
  private float[] real = {};
  private float[] imaginary = {};
  private final DirectSum direct = new DirectSum();
  private final PlainPages pages = new PlainPages();

  /** The plan for signals of this length. */
  LinePlan plan(int length) {
    for (int i = 0; i < plans.size(); i++) {
      LinePlan plan = plans.get(i);
      if (plan.length() == length) {
        return plan;
      }
    }
    if (plans.size() == PLANS) {
      plans.removeLast();
    }
    LinePlan made = new LinePlan(length);
    plans.addFirst(made);
    return made;
  }

  /** The plan for many real signals of this length side by side, two by two if odd and paired. */
  RealPageFft pagePlan(int length, boolean paired) {
    for (int i = 0; i < pagePlans.size(); i++) {
      RealPageFft plan = pagePlans.get(i);
      if (plan.length() == length && (length % 2 == 0 || plan.isPaired() == paired)) {
        return plan;
      }
    }
    if (pagePlans.size() == PLANS) {
      pagePlans.removeLast();
    }
    RealPageFft made = new RealPageFft(length, paired);
    pagePlans.addFirst(made);
    return made;
  }

  /** Room for signals side by side in so many places; what it holds is undefined. */
  SignalPages pages(RealPageFft plan, int places) {
    SignalPages pages =
        RealPageFft.most(plan.length()) / plan.parts() < SignalPages.MOST ? narrow : wide;
    pages.reserve(plan.pages(), places);
    return pages;
  }

  /** Room for tokens that go in, beside {@link #pages(RealPageFft, int)}. */
  SignalPages inputPages(RealPageFft plan, int places) {
    input.reserve(plan.pages(), places);
    return input;
  }

  /** Room for the real parts of a bin of all tokens. */
  float[] real(int tokens) {
    if (real.length < tokens) {
      real = new float[tokens];
    }
    return real;
  }

  /** Room for the imaginary parts of a bin of all tokens. */
  float[] imaginary(int tokens) {
    if (imaginary.length < tokens) {
      imaginary = new float[tokens];
    }
    return imaginary;
  }

  /** Room for a block of rows; what it holds is undefined. */
  float[] rows(int floats) {
    if (rows.length < floats) {
      rows = new float[floats];
    }
    return rows;
  }

  /** Room for half spectra of a block of rows; what it holds is undefined. */
  float[] spectra(int floats) {
    if (spectra.length < floats) {
      spectra = new float[floats];
    }
    return spectra;
  }

  /** Room for rows in reverse; what it holds is undefined. */
  float[] mirror(int floats) {
    if (mirror.length < floats) {
      mirror = new float[floats];
    }
    return mirror;
  }

  /** Pages for products. */
  PlainPages pages() {
    return pages;
  }

  /** The direct evaluation, with its scratch lines. */
  DirectSum direct() {
    return direct;
  }
}
