package io.fourierft.cli;

import io.fourierft.peft.ResolveOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say how the deltas of a stored adapter are to be understood. */
final class ResolveMixin {
  @Option(
      names = "--autocast-adapter-dtype",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "raise coefficients of low precision to F32 first, as PEFT does by default; with no, the"
              + " delta is rounded to the coefficients' format")
  private boolean autocast;

  @Mixin private RandpermMixin places;

  ResolveOptions options() {
    return new ResolveOptions(places.randperm(), autocast);
  }
}
