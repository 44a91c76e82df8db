package io.fourierft.cli;

import io.fourierft.FourierEngine.Addition;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fourierft merge}: a base model with adapters in it. */
@Command(
    name = "merge",
    header = "Writes a base model with adapters merged in.",
    mixinStandardHelpOptions = true,
    description = {
      "Adapters are merged in the order given, as PEFT's merge_and_unload does: each addition is",
      "rounded once to the weight's format. Other files of the base come along."
    },
    footerHeading = Main.EXAMPLES,
    footer = {
      "  fourierft merge --base examples/tiny-llama --adapter examples/adapters/poet --out"
          + " target/merged",
      "  fourierft merge --base examples/tiny-llama --adapter examples/adapters/poet \\",
      "      --out target/bf16 --dtype bf16 --max-shard-size 5GB --safe --check",
      "  fourierft merge --base examples/tiny-llama --adapter examples/adapters/poet \\",
      "      --adapter examples/adapters/coder --out target/both --dry-run --json"
    })
final class MergeCommand implements Callable<Integer> {
  @Mixin private MergeMixin merge;

  @Override
  public Integer call() throws IOException {
    return merge.run(Addition.ADD);
  }
}
