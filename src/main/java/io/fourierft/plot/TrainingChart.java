package io.fourierft.plot;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.SortedMap;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.Styler.YAxisPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A picture of a training: the loss of every step, its running mean, and the accuracy. */
public final class TrainingChart {
  /** The share of each step in the running mean. */
  private static final double SHARE = 0.1;

  private TrainingChart() {}

  /**
   * Draws it.
   *
   * @param losses of each step, at least one
   * @param accuracies between 0 and 1, by the number of steps after which they were taken
   * @param theme the picture's colours
   */
  public static BufferedImage draw(
      String title, List<Double> losses, SortedMap<Integer, Double> accuracies, PlotTheme theme) {
    XYChart chart =
        new XYChartBuilder()
            .width(900)
            .height(560)
            .title(title)
            .xAxisTitle("step")
            .yAxisTitle("loss")
            .build();
    theme.apply(chart.getStyler());
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(LegendLayout.Horizontal);
    chart.getStyler().setXAxisTickMarkSpacingHint(90);
    chart.getStyler().setXAxisMin(0.0);
    chart.getStyler().setXAxisDecimalPattern("0");
    chart.getStyler().setYAxisMin(0, 0.0);
    double[] steps = new double[losses.size()];
    double[] values = new double[losses.size()];
    double[] means = new double[losses.size()];
    for (int i = 0; i < steps.length; i++) {
      steps[i] = i + 1;
      values[i] = losses.get(i);
      means[i] = i == 0 ? values[0] : (1 - SHARE) * means[i - 1] + SHARE * values[i];
    }
    Color color = theme.series(0);
    add(chart, "loss of a batch", steps, values, faint(color), 1f);
    add(chart, "running mean", steps, means, color, 2f);
    if (!accuracies.isEmpty()) {
      double[] at = accuracies.keySet().stream().mapToDouble(Integer::intValue).toArray();
      double[] right = accuracies.values().stream().mapToDouble(a -> 100 * a).toArray();
      XYSeries series = add(chart, "accuracy", at, right, theme.series(1), 2f);
      series.setYAxisGroup(1);
      chart.setYAxisGroupTitle(1, "accuracy (%)");
      chart.getStyler().setYAxisGroupPosition(1, YAxisPosition.Right);
      chart.getStyler().setYAxisMin(1, 0.0);
      chart.getStyler().setYAxisMax(1, 105.0);
    }
    return BitmapEncoder.getBufferedImage(chart);
  }

  private static Color faint(Color color) {
    return new Color(color.getRed(), color.getGreen(), color.getBlue(), 90);
  }

  private static XYSeries add(
      XYChart chart, String name, double[] x, double[] y, Color color, float width) {
    XYSeries series = chart.addSeries(name, x, y);
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(color);
    series.setLineStyle(new BasicStroke(width));
    return series;
  }
}
