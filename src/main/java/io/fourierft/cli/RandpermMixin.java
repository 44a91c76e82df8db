package io.fourierft.cli;

import io.fourierft.Randperm;
import picocli.CommandLine.Option;

/** The option that says which torch drew the places. */
final class RandpermMixin {
  @Option(
      names = "--legacy-randperm",
      description =
          "the adapter was trained with a torch from before 2025: layers of 214,748,364 elements or"
              + " more have other places there")
  private boolean legacyRandperm;

  Randperm randperm() {
    return legacyRandperm ? Randperm.LEGACY : Randperm.TORCH;
  }
}
