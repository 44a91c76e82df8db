package io.fourierft.peft;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The lines of a table among the resources: {@code [heading]}, what belongs to it, comments. */
final class TableLines {
  private TableLines() {}

  /** Takes the lines of one section. */
  interface Section {
    /** One line that is neither blank nor a comment. */
    void line(String heading, String text);
  }

  /** Every line with its heading, which is also given once by itself, as an empty line. */
  static void forEach(String resource, Section section) {
    String heading = "";
    for (String text : read(resource)) {
      if (text.startsWith("[")) {
        heading = text.substring(1, text.indexOf(']'));
        section.line(heading, "");
      } else if (!text.isEmpty() && !text.startsWith("//")) {
        section.line(heading, text);
      }
    }
  }

  private static List<String> read(String resource) {
    try (InputStream in = TableLines.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is missing from the library");
      }
      BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      List<String> lines = new ArrayList<>();
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(line.strip());
      }
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
