package io.fourierft.plot;

import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A picture of one adapter: |spectrum| at its places, beside a heat map of ΔW. */
public final class SpectrumPlot {
  private static final int SIDE_PIXELS = 760;
  private static final int MOST_CELLS = 192;
  private static final int MAGNITUDE_CLASSES = 5;
  private static final int MOST_LABELS = 12;

  private final PlotTheme theme;

  private SpectrumPlot(PlotTheme theme) {
    this.theme = theme;
  }

  /**
   * Draws the two side by side.
   *
   * @param module the module's name, for the titles
   * @param delta the adapter's ΔW, {@code [rows, cols]}
   * @param theme the picture's colours
   */
  public static BufferedImage draw(
      String module, FourierAdapter adapter, HostMatrix delta, PlotTheme theme) {
    return new SpectrumPlot(theme).draw(module, adapter, delta);
  }

  private BufferedImage draw(String module, FourierAdapter adapter, HostMatrix delta) {
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

  private XYChart spectrumChart(String module, FourierAdapter adapter) {
    XYChart chart =
        new XYChartBuilder()
            .width(SIDE_PIXELS)
            .height(SIDE_PIXELS)
            .title("|spectrum| of " + module + " (n = " + adapter.nFrequency() + ")")
            .xAxisTitle("v (input frequency, 0 to " + (adapter.cols() - 1) + ")")
            .yAxisTitle("u (output frequency, 0 to " + (adapter.rows() - 1) + ")")
            .build();
    theme.apply(chart.getStyler());
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

  private void addMagnitudeClass(XYChart chart, FourierAdapter adapter, float largest, int level) {
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
    String name = "up to " + RoundNumbers.threeDigits(largest * (level + 1) / MAGNITUDE_CLASSES);
    chart
        .addSeries(name, v, u)
        .setMarker(SeriesMarkers.CIRCLE)
        .setMarkerColor(theme.weakToStrong(level));
  }

  private HeatMapChart deltaChart(String module, HostMatrix delta) {
    HeatMapChart chart =
        new HeatMapChartBuilder()
            .width(SIDE_PIXELS)
            .height(SIDE_PIXELS)
            .title("delta of " + module + " (" + delta.rows() + " x " + delta.cols() + ")")
            .xAxisTitle("in_features")
            .yAxisTitle("out_features")
            .build();
    theme.apply(chart.getStyler());
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
    chart.getStyler().setPlotContentSize(1);
    chart.getStyler().setShowValue(false);
    chart.getStyler().setHeatMapDecimalValueFormatter(RoundNumbers::threeDigits);
    chart.getStyler().setRangeColors(theme.negativeToPositive());
    chart.getStyler().setPlotGridLinesVisible(false);
    int rowCell = RoundNumbers.step((double) delta.rows() / MOST_CELLS);
    int colCell = RoundNumbers.step((double) delta.cols() / MOST_CELLS);
    int rowCells = Math.ceilDiv(delta.rows(), rowCell);
    int colCells = Math.ceilDiv(delta.cols(), colCell);
    List<Number[]> cells = new ArrayList<>(rowCells * colCells);
    double largest = 0;
    for (int c = 0; c < colCells; c++) {
      for (int r = 0; r < rowCells; r++) {
        double value = strongest(delta, r * rowCell, rowCell, c * colCell, colCell);
        largest = Math.max(largest, Math.abs(value));
        cells.add(new Number[] {c, r, value});
      }
    }
    // The range is symmetric, so that zero is white.
    double end =
        largest > 0 && largest < Double.POSITIVE_INFINITY
            ? RoundNumbers.roundedUp(largest)
            : largest;
    chart.getStyler().setMin(-end).setMax(end);
    chart.addSeries(
        "delta",
        RoundNumbers.labels(colCells, colCell, MOST_LABELS),
        RoundNumbers.labels(rowCells, rowCell, MOST_LABELS),
        cells);
    return chart;
  }

  /** The element of the largest magnitude in one cell of the picture. */
  private static double strongest(
      HostMatrix delta, int firstRow, int rows, int firstCol, int cols) {
    float strongest = 0;
    for (int r = firstRow; r < Math.min(delta.rows(), firstRow + rows); r++) {
      for (int c = firstCol; c < Math.min(delta.cols(), firstCol + cols); c++) {
        float value = delta.get(r, c);
        if (Math.abs(value) > Math.abs(strongest)) {
          strongest = value;
        }
      }
    }
    return strongest;
  }
}
