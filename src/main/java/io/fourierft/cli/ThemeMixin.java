package io.fourierft.cli;

import io.fourierft.plot.PlotTheme;
import picocli.CommandLine.Option;

/** The option that says for which pages a picture is. */
final class ThemeMixin {
  @Option(names = "--dark", description = "draw for a dark page")
  private boolean dark;

  PlotTheme theme() {
    return dark ? PlotTheme.DARK : PlotTheme.LIGHT;
  }
}
