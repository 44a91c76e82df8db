package io.fourierft.bulk;

import io.fourierft.FourierException;
import io.fourierft.internal.files.InputFile;
import java.nio.file.Path;
import java.util.List;

/**
 * What one output of a job is made of: one adapter, or, for a merge, several that go into one model
 * in this order.
 *
 * @param name what the output is called: a plain file name, different for each set of a job
 * @param adapters folders as PEFT saves them, at least one
 */
public record AdapterSet(String name, List<Path> adapters) {
  /**
   * Copies the list.
   *
   * @throws FourierException if the name cannot be that of an output, or there is no adapter
   */
  public AdapterSet {
    adapters = List.copyOf(adapters);
    if (adapters.isEmpty()) {
      throw new FourierException(
          "the adapter set '%s' is empty; give it an adapter".formatted(name));
    }
    boolean plain =
        !name.isBlank()
            && !name.startsWith(".")
            && name.chars().noneMatch(c -> c == '/' || c == '\\' || Character.isISOControl(c));
    if (!plain) {
      throw new FourierException(
          ("'%s' cannot be the name of an output: it must not be empty, begin with a dot or hold a"
                  + " slash; give the adapter another name in a list (NAME, a tab, PATH)")
              .formatted(name));
    }
  }

  /** One adapter, by the name of its folder. */
  public static AdapterSet of(Path adapter) {
    Path name = adapter.toAbsolutePath().normalize().getFileName();
    return new AdapterSet(name == null ? "" : InputFile.name(name), List.of(adapter));
  }

  /**
   * The one adapter.
   *
   * @throws FourierException if there are several
   */
  public Path single() {
    if (adapters.size() > 1) {
      throw new FourierException(
          "'%s' names %d adapters, but only a merge puts several together; give each a name of its own"
              .formatted(name, adapters.size()));
    }
    return adapters.getFirst();
  }
}
