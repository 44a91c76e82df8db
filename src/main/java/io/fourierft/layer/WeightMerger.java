package io.fourierft.layer;

import io.fourierft.AdditionReport;
import io.fourierft.DeviceMatrix;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.Matrix;
import io.fourierft.WeightLayout;
import java.util.List;
import java.util.function.Consumer;

/** Adds adapters to copies of a weight, so that a merge that fails has changed nothing. */
final class WeightMerger {
  private final FourierEngine engine;
  private final LayerMemory memory;
  private final WeightLayout layout;

  WeightMerger(FourierEngine engine, LayerMemory memory, WeightLayout layout) {
    this.engine = engine;
    this.memory = memory;
    this.layout = layout;
  }

  /**
   * A new weight with {@code names} merged in that order, rounded after each one as PEFT does.
   *
   * @param safe whether a result that is not finite is refused
   * @throws MergeException if it is
   */
  Matrix merged(LayerState state, List<String> names, boolean safe) {
    return changed(
        state,
        copy -> {
          for (String name : names) {
            FourierAdapter adapter = state.adapter(name);
            if (safe) {
              addSafely(name, adapter, copy);
            } else {
              engine.addDelta(adapter, copy, layout, FourierEngine.Addition.ADD);
            }
          }
        });
  }

  private void addSafely(String name, FourierAdapter adapter, Matrix copy) {
    AdditionReport report =
        engine.addDeltaReporting(adapter, copy, layout, FourierEngine.Addition.ADD);
    if (report.nonFinite() > 0) {
      throw new MergeException(
          ("NaNs detected in the merged weights. The adapter %s seems to be broken "
                  + "(%d of %d weights are NaN or infinite); nothing was changed")
              .formatted(name, report.nonFinite(), report.elements()));
    }
  }

  /** A new weight with every merged adapter taken off, the last merged first. */
  Matrix unmerged(LayerState state) {
    return changed(
        state,
        copy -> {
          for (String name : state.merged().reversed()) {
            engine.addDelta(state.adapter(name), copy, layout, FourierEngine.Addition.SUBTRACT);
          }
        });
  }

  /** A copy of the weight with {@code change} made to it, done when this returns. */
  private Matrix changed(LayerState state, Consumer<Matrix> change) {
    Matrix copy = memory.copy(state.weight());
    boolean complete = false;
    try {
      change.accept(copy);
      memory.settle();
      complete = true;
      return copy;
    } finally {
      if (!complete && copy instanceof DeviceMatrix.Owned owned) {
        owned.close();
      }
    }
  }
}
