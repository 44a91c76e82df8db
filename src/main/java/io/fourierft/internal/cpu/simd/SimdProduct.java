package io.fourierft.internal.cpu.simd;

import io.fourierft.HostMatrix;
import io.fourierft.internal.cpu.MatrixProduct;
import io.fourierft.internal.cpu.Workspace;

/** Products with a dense matrix: few tokens read it as it stands, many have it packed. */
final class SimdProduct implements MatrixProduct {
  private static final int MOST_TOKENS = 512;

  /** Up to so many tokens, packing a matrix costs more than it saves. */
  private static final int FEW = 16;

  /** The same for a matrix of fewer than {@link #SHORT} inputs. */
  private static final int FEW_IF_SHORT = 4;

  private static final int SHORT = 512;

  private final ProductOperands operands = new ProductOperands();
  private final ProductMethod dotProducts = new DotProducts(operands);
  private final ProductMethod weightedRows = new WeightedRows(operands);
  private final ProductMethod packed = new PackedProduct(operands, false);
  private final ProductMethod packedTransposed = new PackedProduct(operands, true);
  private ProductMethod method = dotProducts;

  @Override
  public int mostTokens() {
    return MOST_TOKENS;
  }

  @Override
  public void begin(
      HostMatrix x, int first, int count, HostMatrix w, boolean transposed, HostMatrix out) {
    operands.set(x, first, count, w, out);
    boolean few = count <= (x.cols() < SHORT ? FEW_IF_SHORT : FEW);
    if (transposed) {
      method = few ? weightedRows : packedTransposed;
    } else {
      method = few ? dotProducts : packed;
    }
    operands.reserve(method.tokenFloats());
  }

  @Override
  public int packingTasks() {
    return method.packingTasks();
  }

  @Override
  public void pack(int task, Workspace workspace) {
    method.pack(task, (SimdWorkspace) workspace);
  }

  @Override
  public int multiplyingTasks() {
    return method.multiplyingTasks();
  }

  @Override
  public void multiply(int task, Workspace workspace) {
    method.multiply(task, (SimdWorkspace) workspace);
  }

  @Override
  public void end() {
    operands.clear();
  }
}
