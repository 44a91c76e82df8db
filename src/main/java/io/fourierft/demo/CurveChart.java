package io.fourierft.demo;

import io.fourierft.plot.PlotTheme;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A picture of accuracy against epoch, one line a method and seed. */
public final class CurveChart {
  private static final int MOST_POINTS = 500;

  private CurveChart() {}

  /**
   * Draws it.
   *
   * @param lowRank one curve a seed
   * @param fourier one curve a seed
   * @param theme the picture's colours
   */
  public static BufferedImage draw(
      List<AccuracyCurve> lowRank, List<AccuracyCurve> fourier, PlotTheme theme) {
    XYChart chart =
        new XYChartBuilder()
            .width(900)
            .height(560)
            .title("Eight classes of points, 64 × 64 hidden layer, 128 trainable numbers")
            .xAxisTitle("epoch")
            .yAxisTitle("training accuracy (%)")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.InsideSE);
    theme.apply(chart.getStyler());
    chart.getStyler().setXAxisTickMarkSpacingHint(90);
    chart.getStyler().setXAxisDecimalPattern("0");
    chart.getStyler().setXAxisMin(0.0);
    chart.getStyler().setXAxisMax(lowRank.getFirst().size() - 1.0);
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setYAxisMax(105.0);
    chart.getStyler().setYAxisDecimalPattern("0");
    add(chart, fourier, theme.series(0));
    add(chart, lowRank, theme.series(1));
    return BitmapEncoder.getBufferedImage(chart);
  }

  private static void add(XYChart chart, List<AccuracyCurve> curves, Color color) {
    for (int k = 0; k < curves.size(); k++) {
      AccuracyCurve curve = curves.get(k);
      int step = Math.max(1, curve.size() / MOST_POINTS);
      // One point more, on the line between the first two: XChart marks points of equal distances,
      // and others at round numbers.
      int count = Math.ceilDiv(curve.size(), step) + 1;
      double[] epochs = new double[count];
      double[] accuracy = new double[count];
      for (int i = 0; i < count; i++) {
        int epoch = i == 0 ? 0 : Math.min((i - 1) * step, curve.size() - 1);
        epochs[i] = epoch;
        accuracy[i] = 100 * curve.accuracy(epoch);
      }
      if (count > 2) {
        epochs[1] = epochs[2] / 2;
        accuracy[1] = (accuracy[0] + accuracy[2]) / 2;
      }
      boolean first = k == 0;
      String name = first ? curve.method() : curve.method() + ", seed " + curve.seed();
      XYSeries series = chart.addSeries(name, epochs, accuracy);
      series.setMarker(SeriesMarkers.NONE);
      series.setLineColor(color);
      series.setLineStyle(new BasicStroke(curves.size() == 1 ? 2f : 1f));
      // One entry of the legend stands for all seeds of a method.
      series.setShowInLegend(first);
    }
  }
}
