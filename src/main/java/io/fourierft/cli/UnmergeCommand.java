package io.fourierft.cli;

import io.fourierft.FourierEngine.Addition;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fourierft unmerge}: a merged model with adapters taken out. */
@Command(
    name = "unmerge",
    header = "Takes merged adapters out of a model again.",
    mixinStandardHelpOptions = true,
    description = {
      "The adapters are taken out the last given first, as PEFT's unmerge_adapter does.",
      "",
      "This cannot restore every bit: merging has rounded each weight to its format, and taking",
      "the delta off rounds again. Expect errors of about 1e-7 of the weights' size in F32,",
      "1e-3 in F16 and 1e-2 in BF16. Keep the base model where you need it exactly. Tensors that",
      "the adapter had replaced whole (modules_to_save, biases) stay as they are."
    },
    footerHeading = Main.EXAMPLES,
    footer = {
      "  fourierft unmerge --base examples/tiny-llama --adapter examples/adapters/poet \\",
      "      --out target/unmerged"
    })
final class UnmergeCommand implements Callable<Integer> {
  @Mixin private MergeMixin merge;

  @Override
  public Integer call() throws IOException {
    return merge.run(Addition.SUBTRACT);
  }
}
