package io.fourierft.cli;

/** The texts of options that several commands share. */
final class Descriptions {
  static final String LEGACY_RANDPERM =
      "the adapter was trained with a torch from before 2025: layers of 214,748,364 elements or"
          + " more have other places there";
  static final String AUTOCAST =
      "raise coefficients of low precision to F32 first, as PEFT does by default; with no, the delta"
          + " is rounded to the coefficients' format";

  private Descriptions() {}
}
