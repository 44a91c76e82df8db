package io.fourierft.demo;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A picture of accuracy against epoch, one line a method and seed. */
public final class CurveChart {
  private static final int MOST_POINTS = 500;
  private static final Color LOW_RANK = new Color(0xD95F02);
  private static final Color FOURIER = new Color(0x1B6CA8);

  private CurveChart() {}

  /**
   * Draws it.
   *
   * @param lowRank one curve a seed
   * @param fourier one curve a seed
   */
  public static BufferedImage draw(List<AccuracyCurve> lowRank, List<AccuracyCurve> fourier) {
    XYChart chart =
        new XYChartBuilder()
            .width(900)
            .height(560)
            .title("Eight classes of points, 64 × 64 hidden layer, 128 trainable numbers")
            .xAxisTitle("epoch")
            .yAxisTitle("training accuracy")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.InsideSE);
    chart.getStyler().setLocale(Locale.ROOT);
    chart.getStyler().setXAxisMin(0.0);
    chart.getStyler().setXAxisMax(lowRank.getFirst().size() - 1.0);
    chart.getStyler().setXAxisDecimalPattern("0");
    chart.getStyler().setXAxisTickMarkSpacingHint(90);
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setYAxisMax(1.05);
    chart.getStyler().setPlotGridLinesColor(new Color(0xDDDDDD));
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    add(chart, lowRank, LOW_RANK);
    add(chart, fourier, FOURIER);
    return BitmapEncoder.getBufferedImage(chart);
  }

  private static void add(XYChart chart, List<AccuracyCurve> curves, Color color) {
    for (int k = 0; k < curves.size(); k++) {
      AccuracyCurve curve = curves.get(k);
      int step = Math.max(1, curve.size() / MOST_POINTS);
      int count = Math.ceilDiv(curve.size(), step);
      double[] epochs = new double[count];
      double[] accuracy = new double[count];
      for (int i = 0; i < count; i++) {
        epochs[i] = (double) i * step;
        accuracy[i] = curve.accuracy(i * step);
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
