package io.fourierft.benchmarks;

/** A part of the table. */
interface Section {
  /** As {@code --only} takes it. */
  String name();

  SectionReport run(Participants participants, RunOptions options);
}
