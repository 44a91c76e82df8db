package io.fourierft.layer;

import io.fourierft.AdditionReport;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.WeightLayout;
import io.fourierft.internal.host.HostViews;
import java.util.List;

/** Adds adapters to copies of a weight, so that a merge that fails has changed nothing. */
final class WeightMerger {
  private final FourierEngine engine;
  private final WeightLayout layout;

  WeightMerger(FourierEngine engine, WeightLayout layout) {
    this.engine = engine;
    this.layout = layout;
  }

  /**
   * A new weight with {@code names} merged in that order, rounded after each one as PEFT does.
   *
   * @param safe whether a result that is not finite is refused
   * @throws MergeException if it is
   */
  Matrix merged(LayerState state, List<String> names, boolean safe) {
    HostMatrix copy = HostViews.copy(LayerShapes.requireHost(state.weight(), "the base weight"));
    for (String name : names) {
      FourierAdapter adapter = state.adapter(name);
      if (!safe) {
        engine.addDelta(adapter, copy, layout, FourierEngine.Addition.ADD);
        continue;
      }
      AdditionReport report =
          engine.addDeltaReporting(adapter, copy, layout, FourierEngine.Addition.ADD);
      if (report.nonFinite() > 0) {
        throw new MergeException(
            ("NaNs detected in the merged weights. The adapter %s seems to be broken "
                    + "(%d of %d weights are NaN or infinite); nothing was changed")
                .formatted(name, report.nonFinite(), report.elements()));
      }
    }
    return copy;
  }

  /** A new weight with every merged adapter taken off, the last merged first. */
  Matrix unmerged(LayerState state) {
    HostMatrix copy = HostViews.copy(LayerShapes.requireHost(state.weight(), "the base weight"));
    for (String name : state.merged().reversed()) {
      engine.addDelta(state.adapter(name), copy, layout, FourierEngine.Addition.SUBTRACT);
    }
    return copy;
  }
}
