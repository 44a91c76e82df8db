package io.fourierft.internal.cpu.simd;

import io.fourierft.internal.cpu.DenseCoefficients;
import io.fourierft.internal.cpu.RowSink;

/** The last step of the methods that transform rows: C2R of a block, and out. */
final class RowTransform {
  private RowTransform() {}

  /** Floats of either block of the workspace. */
  static int floats(RealLaneFft plan) {
    return Math.max(
        plan.blockFloats(),
        Math.max(
            RowBlockWriter.laneFloats(plan.length()), RowBlockWriter.rowFloats(plan.length())));
  }

  /** Transforms the half spectra in the first block of the workspace and writes the rows. */
  static void run(
      RealLaneFft plan,
      int firstRow,
      DenseCoefficients coefficients,
      RowSink sink,
      SimdWorkspace workspace) {
    int floats = floats(plan);
    float[] first = workspace.first(floats);
    float[] second = workspace.second(floats);
    boolean swapped = plan.inverse(first, 0, second, 0, workspace.scratch(plan.scratchFloats()));
    RowBlockWriter.writeSymmetric(
        swapped ? second : first,
        swapped ? first : second,
        firstRow,
        coefficients.fold().rows(),
        plan.length(),
        coefficients.scale().first(),
        sink,
        workspace);
  }
}
