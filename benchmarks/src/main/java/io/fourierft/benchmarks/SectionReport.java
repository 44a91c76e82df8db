package io.fourierft.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;

/** What a section found: every sample, tables for readers, and plots. */
final class SectionReport {
  private final String name;
  private final String title;
  private final List<Outcome> outcomes = new ArrayList<>();
  private final List<Table> tables = new ArrayList<>();
  private final List<Plot> plots = new ArrayList<>();

  SectionReport(String name, String title) {
    this.name = name;
    this.title = title;
  }

  Outcome add(Outcome outcome) {
    outcomes.add(outcome);
    return outcome;
  }

  void add(Table table) {
    tables.add(table);
  }

  void add(Plot plot) {
    plots.add(plot);
  }

  String name() {
    return name;
  }

  String title() {
    return title;
  }

  List<Outcome> outcomes() {
    return outcomes;
  }

  List<Table> tables() {
    return tables;
  }

  List<Plot> plots() {
    return plots;
  }

  /** A table and a line above it. */
  record Table(String caption, List<String> columns, List<List<String>> rows) {}

  /** Curves of time against something, both axes logarithmic; points are (x, y). */
  record Plot(
      String file,
      String title,
      String xLabel,
      String yLabel,
      SequencedMap<String, List<double[]>> curves) {}
}
