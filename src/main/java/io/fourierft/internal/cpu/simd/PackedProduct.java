package io.fourierft.internal.cpu.simd;

import static io.fourierft.internal.cpu.simd.ProductTile.OUTPUTS;
import static io.fourierft.internal.cpu.simd.ProductTile.TOKENS;

import java.util.Arrays;

/**
 * A product of many tokens. Tokens are packed once, {@code [tile][input][token]}; a task packs the
 * part of the matrix for its outputs, some inputs at a time, and multiplies all tokens with it.
 */
final class PackedProduct implements ProductMethod {
  /** Inputs between two additions to the sums; a panel of so many stays in the first cache. */
  static final int INPUTS = 256;

  /** Outputs of a task. */
  static final int TASK_OUTPUTS = 4 * OUTPUTS;

  private final ProductOperands operands;
  private final boolean transposed;

  /**
   * A method for one orientation.
   *
   * @param transposed whether the matrix is {@code [inputs, outputs]}
   */
  PackedProduct(ProductOperands operands, boolean transposed) {
    this.operands = operands;
    this.transposed = transposed;
  }

  private int tiles() {
    return (operands.count() + TOKENS - 1) / TOKENS;
  }

  @Override
  public int tokenFloats() {
    return Math.multiplyExact(tiles() * TOKENS, operands.inputs());
  }

  @Override
  public int packingTasks() {
    return tiles();
  }

  @Override
  public void pack(int tile, SimdWorkspace workspace) {
    int inputs = operands.inputs();
    float[] tokens = operands.tokens();
    float[] line = workspace.first(inputs);
    for (int i = 0; i < TOKENS; i++) {
      int t = tile * TOKENS + i;
      if (t < operands.count()) {
        operands.loadToken(t, line, 0, workspace);
      } else {
        Arrays.fill(line, 0, inputs, 0f);
      }
      spread(line, inputs, tokens, tile * inputs * TOKENS + i);
    }
  }

  private static void spread(float[] line, int count, float[] target, int at) {
    for (int k = 0; k < count; k++) {
      target[at + k * TOKENS] = line[k];
    }
  }

  @Override
  public int multiplyingTasks() {
    return (operands.outputs() + TASK_OUTPUTS - 1) / TASK_OUTPUTS;
  }

  @Override
  public void multiply(int task, SimdWorkspace workspace) {
    int output = task * TASK_OUTPUTS;
    int width = Math.min(TASK_OUTPUTS, operands.outputs() - output);
    int panels = (width + OUTPUTS - 1) / OUTPUTS;
    int inputs = operands.inputs();
    float[] sums = workspace.second(panels * tiles() * ProductTile.FLOATS);
    float[] packed = workspace.first(panels * INPUTS * OUTPUTS);
    Arrays.fill(sums, 0, panels * tiles() * ProductTile.FLOATS, 0f);
    for (int input = 0; input < inputs; input += INPUTS) {
      int count = Math.min(INPUTS, inputs - input);
      if (transposed) {
        ProductPanels.packColumns(operands.w(), output, width, input, count, packed, workspace);
      } else {
        ProductPanels.packRows(operands.w(), output, width, input, count, packed, workspace);
      }
      for (int panel = 0; panel < panels; panel++) {
        addPanel(input, count, packed, panel, sums);
      }
    }
    addToResults(output, width, sums, workspace);
  }

  private void addPanel(int input, int count, float[] packed, int panel, float[] sums) {
    int tiles = tiles();
    int inputs = operands.inputs();
    for (int tile = 0; tile < tiles; tile++) {
      ProductTile.add(
          operands.tokens(),
          (tile * inputs + input) * TOKENS,
          packed,
          panel * INPUTS * OUTPUTS,
          count,
          sums,
          (panel * tiles + tile) * ProductTile.FLOATS);
    }
  }

  private void addToResults(int output, int width, float[] sums, SimdWorkspace workspace) {
    float[] line = workspace.line(TASK_OUTPUTS);
    int tiles = tiles();
    for (int t = 0; t < operands.count(); t++) {
      for (int j = 0; j < width; j += OUTPUTS) {
        int tile = j / OUTPUTS * tiles + t / TOKENS;
        int from = tile * ProductTile.FLOATS + t % TOKENS * OUTPUTS;
        System.arraycopy(sums, from, line, j, OUTPUTS);
      }
      operands.addToResult(t, output, width, line, workspace);
    }
  }
}
