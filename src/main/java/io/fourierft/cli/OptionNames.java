package io.fourierft.cli;

import java.util.Map;

/**
 * The library's options in its messages, and the flags of this program that set them: the library
 * speaks of its own interface, the program's user knows the flags.
 */
final class OptionNames {
  private static final Map<String, String> FLAGS =
      Map.of(
          "(overwrite)", "(--overwrite)",
          "(keepGoing)", "(--keep-going)",
          "MergeOptions.dtype", "--dtype",
          "MergeOptions.untouched", "--untouched",
          "MergeOptions.verifyInput", "--verify-input",
          "Randperm.LEGACY", "--legacy-randperm",
          "ResolveOptions.layouts", "--layout",
          "ResolveOptions.renames", "--rename");

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
