package io.fourierft.peft;

import java.util.List;

/**
 * A configuration as it was read.
 *
 * @param config what it says
 * @param notes where it departs from what PEFT writes, or says what this library does not use; one
 *     sentence each, naming the file
 */
public record ConfigDocument(FourierFtConfig config, List<String> notes) {
  /** Copies the list. */
  public ConfigDocument {
    notes = List.copyOf(notes);
  }
}
