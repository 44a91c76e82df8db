package io.fourierft.cli;

import io.fourierft.FourierEngine.Addition;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fourierft merge}: a base model with adapters in it. */
@Command(
    name = "merge",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a base model with adapters merged in, in the order given, as PEFT's merge_and_unload:",
      "each addition is rounded once to the weight's format. Other files of the base come along."
    })
final class MergeCommand implements Callable<Integer> {
  @Mixin private MergeMixin merge;

  @Override
  public Integer call() throws IOException {
    return merge.run(Addition.ADD);
  }
}
