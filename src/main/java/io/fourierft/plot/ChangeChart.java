package io.fourierft.plot;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** A picture of how much each layer changes: ‖ΔW‖ / ‖W‖, a group of bars a layer. */
public final class ChangeChart {
  private static final int WIDTH = 1200;
  private static final int HEIGHT = 600;
  private static final int MOST_LABELS = 24;

  /** The first number in a path is its layer's. */
  private static final Pattern LAYER = Pattern.compile("(.*?)\\.?(\\d+)\\.(.+)");

  private ChangeChart() {}

  /**
   * Draws it.
   *
   * @param changes ‖ΔW‖ / ‖W‖ by the module's path, layer 2 before layer 10
   * @param theme the picture's colours
   */
  public static BufferedImage draw(Map<String, Double> changes, PlotTheme theme) {
    Set<String> stacks = new LinkedHashSet<>();
    changes.keySet().forEach(path -> stacks.add(Place.of(path).stack()));
    Set<String> layers = new LinkedHashSet<>();
    Map<String, Map<String, Double>> byKind = new LinkedHashMap<>();
    changes.forEach(
        (path, change) -> {
          Place place = Place.of(path);
          String layer = stacks.size() == 1 ? place.layer() : place.stack() + "." + place.layer();
          layers.add(layer);
          byKind.computeIfAbsent(place.kind(), kind -> new LinkedHashMap<>()).put(layer, change);
        });
    boolean numbered = stacks.size() == 1;
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("how much each layer changes")
            .xAxisTitle(numbered ? "layer" : "")
            .yAxisTitle("|dW| / |W|")
            .build();
    theme.apply(chart.getStyler());
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(org.knowm.xchart.style.Styler.LegendLayout.Horizontal);
    chart.getStyler().setPlotGridVerticalLinesVisible(false);
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setyAxisTickLabelsFormattingFunction(RoundNumbers::shortest);
    chart.getStyler().setAvailableSpaceFill(0.8);
    if (!numbered) {
      chart.getStyler().setXAxisLabelRotation(45);
    }
    List<String> labels = labels(List.copyOf(layers), numbered);
    int k = 0;
    for (Map.Entry<String, Map<String, Double>> kind : byKind.entrySet()) {
      List<@Nullable Number> values = new ArrayList<>();
      layers.forEach(layer -> values.add(finite(kind.getValue().get(layer))));
      chart.addSeries(kind.getKey(), labels, values).setFillColor(theme.series(k++));
    }
    return BitmapEncoder.getBufferedImage(chart);
  }

  /** Bars have a length: what is infinite or not a number, has none. */
  private static @Nullable Double finite(@Nullable Double change) {
    return change != null && Double.isFinite(change) ? change : null;
  }

  /** Of many numbered layers those of round numbers have a label, and the others a space. */
  private static List<String> labels(List<String> layers, boolean numbered) {
    if (!numbered || layers.size() <= MOST_LABELS) {
      return layers;
    }
    int step = RoundNumbers.step((double) layers.size() / MOST_LABELS);
    String[] labels = new String[layers.size()];
    Arrays.setAll(
        labels,
        i ->
            layers.get(i).matches("\\d{1,9}") && Integer.parseInt(layers.get(i)) % step == 0
                ? layers.get(i)
                : " ".repeat(i + 1));
    return List.of(labels);
  }

  /** Where a module stands: in which stack of layers, in which of them, and what it is there. */
  private record Place(String stack, String layer, String kind) {
    static Place of(String path) {
      Matcher matcher = LAYER.matcher(path);
      return matcher.matches()
          ? new Place(matcher.group(1), matcher.group(2), matcher.group(3))
          : new Place("", path, "others");
    }
  }
}
