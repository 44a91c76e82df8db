package io.fourierft.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Columns of text, the first ones left-aligned, the others right-aligned. */
final class Table {
  private final int leftColumns;
  private final List<String[]> rows = new ArrayList<>();

  Table(int leftColumns, String... header) {
    this.leftColumns = leftColumns;
    rows.add(header);
  }

  void add(String... cells) {
    if (cells.length != rows.getFirst().length) {
      throw new IllegalArgumentException(
          cells.length + " cells in a table of " + rows.getFirst().length);
    }
    rows.add(cells);
  }

  void print(PrintWriter out) {
    int[] width = new int[rows.getFirst().length];
    for (String[] row : rows) {
      for (int c = 0; c < row.length; c++) {
        width[c] = Math.max(width[c], row[c].length());
      }
    }
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < row.length; c++) {
        String padding = " ".repeat(width[c] - row[c].length());
        line.append(c == 0 ? "" : "  ");
        line.append(c < leftColumns ? row[c] + padding : padding + row[c]);
      }
      out.println(line.toString().stripTrailing());
    }
  }

  /** A number for a cell, with four digits. */
  static String scientific(double value) {
    return String.format(Locale.ROOT, "%.3e", value);
  }
}
