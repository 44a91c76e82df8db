package io.fourierft.plot;

import java.awt.Color;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.style.AxesChartStyler;

/** The colours of a picture, for pages of either kind. */
@SuppressWarnings("ImmutableEnumChecker") // Lists of colours that nothing can change.
public enum PlotTheme {
  /** Dark on white. */
  LIGHT(
      Color.WHITE,
      new Color(0x222222),
      new Color(0xDDDDDD),
      List.of(
          new Color(0xC6DBEF),
          new Color(0x9ECAE1),
          new Color(0x4292C6),
          new Color(0x08519C),
          new Color(0x67000D)),
      List.of(new Color(0x2166AC), Color.WHITE, new Color(0xB2182B)),
      List.of(
          new Color(0x1B6CA8),
          new Color(0xD95F02),
          new Color(0x1B9E77),
          new Color(0x7570B3),
          new Color(0xE7298A),
          new Color(0x66A61E),
          new Color(0xA6761D),
          new Color(0x666666))),

  /** Light on almost black. */
  DARK(
      new Color(0x16181D),
      new Color(0xDDDDDD),
      new Color(0x3A3F4A),
      List.of(
          new Color(0x2C4A6B),
          new Color(0x3F78B0),
          new Color(0x6BAED6),
          new Color(0xBDD7E7),
          new Color(0xFF8A70)),
      List.of(new Color(0x6BAED6), new Color(0x16181D), new Color(0xFB6A4A)),
      List.of(
          new Color(0x5AA9E6),
          new Color(0xFF9F4A),
          new Color(0x4FD1A5),
          new Color(0xA8A4E6),
          new Color(0xFF7ABF),
          new Color(0xA5D65C),
          new Color(0xD9B26A),
          new Color(0xAAAAAA)));

  private final Color background;
  private final Color foreground;
  private final Color grid;
  private final List<Color> weakToStrong;
  private final List<Color> negativeToPositive;
  private final List<Color> series;

  PlotTheme(
      Color background,
      Color foreground,
      Color grid,
      List<Color> weakToStrong,
      List<Color> negativeToPositive,
      List<Color> series) {
    this.background = background;
    this.foreground = foreground;
    this.grid = grid;
    this.weakToStrong = weakToStrong;
    this.negativeToPositive = negativeToPositive;
    this.series = series;
  }

  /** Gives a chart its colours; its numbers are English wherever it is drawn. */
  public void apply(AxesChartStyler styler) {
    styler.setLocale(Locale.ROOT);
    styler.setChartBackgroundColor(background).setPlotBackgroundColor(background);
    styler.setChartFontColor(foreground).setPlotBorderColor(grid);
    styler.setLegendBackgroundColor(background).setLegendBorderColor(grid);
    styler.setXAxisTickLabelsColor(foreground);
    styler.setYAxisTickLabelsColor(foreground);
    styler.setAxisTickLabelsColor(foreground);
    styler.setAxisTickMarksColor(grid);
    styler.setXAxisTickMarksColor(grid);
    styler.setYAxisTickMarksColor(grid);
    styler.setXAxisTitleColor(foreground);
    styler.setYAxisTitleColor(foreground);
    styler.setPlotGridLinesColor(grid);
    styler.setChartTitleBoxVisible(false);
  }

  /** What is drawn behind everything. */
  public Color background() {
    return background;
  }

  /** The colour of the k-th of several curves or bars. */
  public Color series(int k) {
    return series.get(k % series.size());
  }

  /** Five colours of magnitudes. */
  Color weakToStrong(int level) {
    return weakToStrong.get(level);
  }

  /** Three colours of signed numbers; zero is the background. */
  public Color[] negativeToPositive() {
    return negativeToPositive.toArray(Color[]::new);
  }
}
