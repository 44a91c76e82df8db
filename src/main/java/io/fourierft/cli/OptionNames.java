package io.fourierft.cli;

import java.util.Map;

/**
 * The library's options in its messages, and the flags of this program that set them: the library
 * speaks of its own interface, the program's user knows the flags.
 */
final class OptionNames {
  private static final Map<String, String> FLAGS =
      Map.ofEntries(
          Map.entry("(overwrite)", "(--overwrite)"),
          Map.entry("LoraOptions.minEnergy", "--min-energy"),
          Map.entry("LoraOptions.energy", "--energy"),
          Map.entry("LoraOptions.rank", "--rank"),
          Map.entry("(keepGoing)", "(--keep-going)"),
          Map.entry("MergeOptions.dtype", "--dtype"),
          Map.entry("MergeOptions.untouched", "--untouched"),
          Map.entry("MergeOptions.verifyInput", "--verify-input"),
          Map.entry("Randperm.LEGACY", "--legacy-randperm"),
          Map.entry("ResolveOptions.layouts", "--layout"),
          Map.entry("ResolveOptions.renames", "--rename"));

  private OptionNames() {}

  /** A message of the library, with the flags in place of its options. */
  static String asFlags(String message) {
    String text = message;
    for (Map.Entry<String, String> flag : FLAGS.entrySet()) {
      text = text.replace(flag.getKey(), flag.getValue());
    }
    return text;
  }
}
