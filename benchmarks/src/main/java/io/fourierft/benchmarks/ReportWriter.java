package io.fourierft.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.fourierft.benchmarks.SectionReport.Plot;
import io.fourierft.benchmarks.SectionReport.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Writes {@code cpu.md}, {@code cpu.json} and one PNG a plot into a folder. */
final class ReportWriter {
  private final Machine machine;
  private final Participants participants;
  private final List<SectionReport> sections;

  ReportWriter(Machine machine, Participants participants, List<SectionReport> sections) {
    this.machine = machine;
    this.participants = participants;
    this.sections = sections;
  }

  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("cpu.md"), markdown());
    ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    json.writeValue(folder.resolve("cpu.json").toFile(), document());
    for (SectionReport section : sections) {
      for (Plot plot : section.plots()) {
        draw(plot, folder.resolve(plot.file() + ".png"));
      }
    }
  }

  String markdown() {
    StringBuilder text = new StringBuilder("# CPU benchmarks\n\n");
    machine.facts().forEach((name, value) -> text.append("- %s: %s%n".formatted(name, value)));
    text.append("\nContestants:\n\n");
    participants.present().forEach(line -> text.append("- ").append(line).append('\n'));
    participants.leftOut().forEach(line -> text.append("- left out: ").append(line).append('\n'));
    text.append(
        "\nTimes are medians of the rounds; a ratio is the median of peer / ours of each round,"
            + " with its quartiles. The difference is relative (Frobenius), of the results from the"
            + " first contestant's, checked before any timing. benchmarks/README.md says more.\n");
    for (SectionReport section : sections) {
      text.append("\n## ").append(section.title()).append('\n');
      for (Plot plot : section.plots()) {
        text.append("\n![%s](%s.png)%n".formatted(plot.title(), plot.file()));
      }
      section.tables().forEach(table -> append(text, table));
    }
    return text.toString();
  }

  private static void append(StringBuilder text, Table table) {
    text.append('\n').append(table.caption()).append("\n\n");
    text.append("| ").append(String.join(" | ", table.columns())).append(" |\n");
    text.append("|---".repeat(table.columns().size())).append("|\n");
    for (List<String> row : table.rows()) {
      text.append("| ").append(String.join(" | ", row)).append(" |\n");
    }
  }

  private Map<String, Object> document() {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("machine", machine.facts());
    document.put("copyBytesPerNano", machine.copyBytesPerNano());
    document.put("contestants", participants.present());
    document.put("leftOut", participants.leftOut());
    List<Map<String, Object>> written = new ArrayList<>();
    for (SectionReport section : sections) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("section", section.name());
      one.put("tables", section.tables());
      one.put("outcomes", section.outcomes().stream().map(ReportWriter::outcome).toList());
      written.add(one);
    }
    document.put("sections", written);
    return document;
  }

  private static Map<String, Object> outcome(Outcome outcome) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("workload", outcome.workload());
    if (!Double.isNaN(outcome.difference())) {
      one.put("difference", outcome.difference());
    }
    one.put("timings", outcome.timings());
    return one;
  }

  private static void draw(Plot plot, Path file) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(1000)
            .height(640)
            .title(plot.title())
            .xAxisTitle(plot.xLabel())
            .yAxisTitle(plot.yLabel())
            .build();
    chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    plot.curves()
        .forEach(
            (name, points) ->
                chart.addSeries(
                    name,
                    points.stream().mapToDouble(point -> point[0]).toArray(),
                    points.stream().mapToDouble(point -> point[1]).toArray()));
    BitmapEncoder.saveBitmap(chart, file.toString(), BitmapEncoder.BitmapFormat.PNG);
  }
}
