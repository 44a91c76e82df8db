package io.fourierft.cli;

import io.fourierft.bulk.AdapterSet;
import io.fourierft.bulk.AdapterSets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that name one adapter or many. */
final class AdaptersMixin {
  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "adapter as PEFT saves it; give it again for several")
  private List<Path> adapters = List.of();

  @Option(
      names = "--adapters",
      paramLabel = "FOLDER|LIST",
      description =
          "many adapters: each folder in FOLDER with an adapter_config.json, or each line of the"
              + " text file LIST: a path, or a name, a tab and a path")
  private @Nullable Path folderOrList;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** Takes further ones, which a command has by other words, after those that were named. */
  void add(List<Path> more) {
    List<Path> all = new ArrayList<>(adapters);
    all.addAll(more);
    adapters = all;
  }

  /** Whether there may be more than one. */
  boolean areMany() {
    return folderOrList != null || adapters.size() > 1;
  }

  /** Whether a folder or a list names them. */
  boolean areListed() {
    return folderOrList != null;
  }

  /** Those that were named one by one, in their order. */
  List<Path> named() {
    require();
    return adapters;
  }

  /** All of them, those that were named one by one first, each a set of its own or as listed. */
  List<AdapterSet> sets() throws IOException {
    require();
    List<AdapterSet> sets = new ArrayList<>();
    adapters.forEach(adapter -> sets.add(AdapterSet.of(adapter)));
    if (folderOrList != null) {
      sets.addAll(AdapterSets.find(folderOrList));
    }
    return sets;
  }

  /** Refuses a command without any. */
  void require() {
    if (adapters.isEmpty() && folderOrList == null) {
      throw new ParameterException(
          spec.commandLine(),
          "Missing required option: '--adapter=DIR' or '--adapters=FOLDER|LIST'");
    }
  }
}
