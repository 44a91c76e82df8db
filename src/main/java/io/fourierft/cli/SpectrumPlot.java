package io.fourierft.cli;

import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A picture of one adapter: |spectrum| at its places, beside a heat map of ΔW. */
final class SpectrumPlot {
  private static final int SIDE_PIXELS = 760;
  private static final int MOST_CELLS = 192;
  private static final int MAGNITUDE_CLASSES = 5;
  private static final int MOST_LABELS = 12;
  private static final Color[] WEAK_TO_STRONG = {
    new Color(0xC6DBEF),
    new Color(0x9ECAE1),
    new Color(0x4292C6),
    new Color(0x08519C),
    new Color(0x67000D)
  };

  private SpectrumPlot() {}

  /**
   * Draws the two side by side.
   *
   * @param module the module's name, for the titles
   * @param delta the adapter's ΔW, {@code [rows, cols]}
   */
  static BufferedImage draw(String module, FourierAdapter adapter, HostMatrix delta) {
    BufferedImage image =
        new BufferedImage(2 * SIDE_PIXELS, SIDE_PIXELS, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.drawImage(
          BitmapEncoder.getBufferedImage(spectrumChart(module, adapter)), 0, 0, null);
      graphics.drawImage(
          BitmapEncoder.getBufferedImage(deltaChart(module, delta)), SIDE_PIXELS, 0, null);
    } finally {
      graphics.dispose();
    }
    return image;
  }

  private static XYChart spectrumChart(String module, FourierAdapter adapter) {
    XYChart chart =
        new XYChartBuilder()
            .width(SIDE_PIXELS)
            .height(SIDE_PIXELS)
            .title("|spectrum| of " + module + " (n = " + adapter.nFrequency() + ")")
            .xAxisTitle("v (input frequency, 0 to " + (adapter.cols() - 1) + ")")
            .yAxisTitle("u (output frequency, 0 to " + (adapter.rows() - 1) + ")")
            .build();
    plain(chart.getStyler());
    chart.getStyler().setDefaultSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
    chart.getStyler().setMarkerSize(6);
    chart.getStyler().setXAxisMin(0.0).setXAxisMax((double) adapter.cols());
    chart.getStyler().setYAxisMin(0.0).setYAxisMax((double) adapter.rows());
    float largest = 0;
    for (float coefficient : adapter.spectrum()) {
      largest = Math.max(largest, Math.abs(coefficient));
    }
    for (int level = 0; level < MAGNITUDE_CLASSES; level++) {
      addMagnitudeClass(chart, adapter, largest, level);
    }
    return chart;
  }

  private static void addMagnitudeClass(
      XYChart chart, FourierAdapter adapter, float largest, int level) {
    List<Integer> v = new ArrayList<>();
    List<Integer> u = new ArrayList<>();
    for (int k = 0; k < adapter.nFrequency(); k++) {
      float share = largest == 0 ? 0 : Math.abs(adapter.coefficient(k)) / largest;
      int itsLevel = Math.min(MAGNITUDE_CLASSES - 1, (int) (share * MAGNITUDE_CLASSES));
      if (itsLevel == level) {
        v.add(adapter.locations().col(k));
        u.add(adapter.locations().row(k));
      }
    }
    if (v.isEmpty()) {
      return;
    }
    String name =
        String.format(Locale.ROOT, "up to %.3g", largest * (level + 1) / MAGNITUDE_CLASSES);
    chart
        .addSeries(name, v, u)
        .setMarker(SeriesMarkers.CIRCLE)
        .setMarkerColor(WEAK_TO_STRONG[level]);
  }

  private static HeatMapChart deltaChart(String module, HostMatrix delta) {
    HeatMapChart chart =
        new HeatMapChartBuilder()
            .width(SIDE_PIXELS)
            .height(SIDE_PIXELS)
            .title("delta of " + module + " (" + delta.rows() + " x " + delta.cols() + ")")
            .xAxisTitle("in_features")
            .yAxisTitle("out_features")
            .build();
    plain(chart.getStyler());
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
    chart.getStyler().setPlotContentSize(1);
    chart.getStyler().setShowValue(false);
    chart.getStyler().setHeatMapValueDecimalPattern("0.00E0");
    chart.getStyler().setXAxisMaxLabelCount(MOST_LABELS);
    chart
        .getStyler()
        .setRangeColors(new Color[] {new Color(0x2166AC), Color.WHITE, new Color(0xB2182B)});
    int rowCells = Math.min(MOST_CELLS, delta.rows());
    int colCells = Math.min(MOST_CELLS, delta.cols());
    List<Number[]> cells = new ArrayList<>(rowCells * colCells);
    double largest = 0;
    for (int c = 0; c < colCells; c++) {
      for (int r = 0; r < rowCells; r++) {
        double value = strongest(delta, r, rowCells, c, colCells);
        largest = Math.max(largest, Math.abs(value));
        cells.add(new Number[] {c, r, value});
      }
    }
    // The range is symmetric, so that zero is white.
    chart.getStyler().setMin(-largest).setMax(largest);
    chart.addSeries("delta", starts(delta.cols(), colCells), starts(delta.rows(), rowCells), cells);
    return chart;
  }

  /** The element of the largest magnitude in one cell of the picture. */
  private static double strongest(
      HostMatrix delta, int rowCell, int rowCells, int colCell, int colCells) {
    float strongest = 0;
    int rowEnd = (int) ((long) (rowCell + 1) * delta.rows() / rowCells);
    int colEnd = (int) ((long) (colCell + 1) * delta.cols() / colCells);
    for (int r = (int) ((long) rowCell * delta.rows() / rowCells); r < rowEnd; r++) {
      for (int c = (int) ((long) colCell * delta.cols() / colCells); c < colEnd; c++) {
        float value = delta.get(r, c);
        if (Math.abs(value) > Math.abs(strongest)) {
          strongest = value;
        }
      }
    }
    return strongest;
  }

  /** The first row or column of each cell, as the labels of an axis. */
  private static List<Integer> starts(int size, int cells) {
    List<Integer> starts = new ArrayList<>(cells);
    for (int i = 0; i < cells; i++) {
      starts.add((int) ((long) i * size / cells));
    }
    return starts;
  }

  private static void plain(AxesChartStyler styler) {
    styler.setLocale(Locale.ROOT);
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setChartTitleBoxVisible(false);
  }
}
