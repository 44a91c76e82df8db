package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.Lanes.COUNT;
import static io.fourierft.internal.cpu.simd.ProductTile.OUTPUTS;

import io.fourierft.HostMatrix;
import io.fourierft.internal.host.ElementRuns;
import java.util.Arrays;

/**
 * A part of a matrix as panels of {@link ProductTile#OUTPUTS} outputs, {@code [panel][input][output
 * of the panel]}; every panel has room for {@link PackedProduct#INPUTS} inputs. Outputs that the
 * matrix does not have are zero or whatever was there before.
 */
final class ProductPanels {
  /** Floats from one row of a square to the next: no multiple of a page. */
  private static final int STRIDE = PackedProduct.INPUTS + COUNT;

  private ProductPanels() {}

  /** Outputs are rows of the matrix. */
  static void packRows(
      HostMatrix w,
      int output,
      int width,
      int input,
      int count,
      float[] packed,
      SimdWorkspace workspace) {
    float[] rows = workspace.scratch(COUNT * STRIDE);
    for (int j = 0; j < width; j += COUNT) {
      int height = Math.min(COUNT, width - j);
      loadRows(w, output + j, height, input, count, rows, workspace);
      int panel = j / OUTPUTS * (PackedProduct.INPUTS * OUTPUTS) + j % OUTPUTS;
      for (int k = 0; k < count; k += COUNT) {
        Transposer.turn(rows, k, STRIDE, workspace.tile(), packed, panel + k * OUTPUTS, OUTPUTS);
      }
    }
  }

  private static void loadRows(
      HostMatrix w,
      int row,
      int height,
      int col,
      int count,
      float[] rows,
      SimdWorkspace workspace) {
    ElementRuns from = workspace.elementRuns();
    for (int r = 0; r < height; r++) {
      from.load(w, row + r, col, count, rows, r * STRIDE);
    }
    for (int r = height; r < COUNT; r++) {
      Arrays.fill(rows, r * STRIDE, r * STRIDE + Lanes.roundUp(count), 0f);
    }
  }

  /** Outputs are columns of the matrix. */
  static void packColumns(
      HostMatrix w,
      int output,
      int width,
      int input,
      int count,
      float[] packed,
      SimdWorkspace workspace) {
    ElementRuns from = workspace.elementRuns();
    float[] line = workspace.scratch(PackedProduct.TASK_OUTPUTS);
    Arrays.fill(line, width, Lanes.roundUp(width), 0f);
    for (int k = 0; k < count; k++) {
      from.load(w, input + k, output, width, line, 0);
      for (int j = 0; j < width; j += OUTPUTS) {
        int panel = j / OUTPUTS * (PackedProduct.INPUTS * OUTPUTS);
        System.arraycopy(line, j, packed, panel + k * OUTPUTS, OUTPUTS);
      }
    }
  }
}
