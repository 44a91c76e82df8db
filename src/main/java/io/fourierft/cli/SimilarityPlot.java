package io.fourierft.cli;

import io.fourierft.bulk.SimilarityMatrix;
import io.fourierft.plot.PlotTheme;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** A heat map of the cosines between adapters. */
final class SimilarityPlot {
  private static final int SIDE_PIXELS = 900;
  private static final int MOST_CELLS = 192;
  private static final int MOST_NAMES = 40;
  private static final int LONGEST_NAME = 24;

  private SimilarityPlot() {}

  /**
   * Draws the matrix, or, of very many adapters, in each cell the largest cosine of those that fall
   * into it.
   *
   * @param order the adapters' indexes in the order of the rows, those of one cluster together
   * @param theme the picture's colours
   */
  static BufferedImage draw(SimilarityMatrix matrix, List<Integer> order, PlotTheme theme) {
    int cells = Math.min(MOST_CELLS, order.size());
    HeatMapChart chart =
        new HeatMapChartBuilder()
            .width(SIDE_PIXELS + 120)
            .height(SIDE_PIXELS)
            .title("cosine between the deltas of %d adapters".formatted(matrix.size()))
            .build();
    theme.apply(chart.getStyler());
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setPlotContentSize(1);
    chart.getStyler().setShowValue(false);
    chart.getStyler().setHeatMapValueDecimalPattern("0.00");
    chart.getStyler().setXAxisLabelRotation(90);
    chart.getStyler().setXAxisMaxLabelCount(MOST_NAMES);
    chart.getStyler().setRangeColors(theme.negativeToPositive());
    chart.getStyler().setMin(-1).setMax(1);
    List<Number[]> values = new ArrayList<>(cells * cells);
    for (int c = 0; c < cells; c++) {
      for (int r = 0; r < cells; r++) {
        values.add(new Number[] {c, r, largest(matrix, order, r, c, cells)});
      }
    }
    List<String> names = names(matrix, order, cells);
    chart.addSeries("cosine", names, names, values);
    return BitmapEncoder.getBufferedImage(chart);
  }

  private static double largest(
      SimilarityMatrix matrix, List<Integer> order, int rowCell, int colCell, int cells) {
    double largest = -1;
    for (int r = start(rowCell, order.size(), cells);
        r < start(rowCell + 1, order.size(), cells);
        r++) {
      for (int c = start(colCell, order.size(), cells);
          c < start(colCell + 1, order.size(), cells);
          c++) {
        double cosine = matrix.cosine(order.get(r), order.get(c));
        largest = Double.isNaN(cosine) ? largest : Math.max(largest, cosine);
      }
    }
    return largest;
  }

  private static int start(int cell, int size, int cells) {
    return (int) ((long) cell * size / cells);
  }

  /** The first adapter of each cell, by its name with its number, which keeps names different. */
  private static List<String> names(SimilarityMatrix matrix, List<Integer> order, int cells) {
    List<String> names = new ArrayList<>(cells);
    for (int cell = 0; cell < cells; cell++) {
      int index = order.get(start(cell, order.size(), cells));
      String name = matrix.names().get(index);
      names.add(
          name.length() > LONGEST_NAME
              ? index + " " + name.substring(0, LONGEST_NAME - 3) + "..."
              : name);
    }
    return names;
  }
}
