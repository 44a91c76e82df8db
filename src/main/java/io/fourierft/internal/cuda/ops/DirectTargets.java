package io.fourierft.internal.cuda.ops;

import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.memory.DeviceView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the last transform may write deltas itself, so that no kernel has to read and write all of
 * them once more: dense float32 matrices that need neither rounding nor a factor.
 *
 * @param pointers device addresses of the deltas
 * @param together how many the transform writes at once: all of them where they stand one behind
 *     the other, else one
 */
@SuppressWarnings("ArrayRecordComponent") // Made for one call, and never compared.
public record DirectTargets(long[] pointers, int together) {
  /** What cuFFT's vector stores want of the start of its output. */
  private static final long ALIGNMENT = 16;

  /**
   * Below this many elements a transform for each adapter costs more than the pass that it saves.
   */
  private static final long LARGE = 1L << 20;

  /**
   * Looks at the targets of one chunk.
   *
   * @param out the matrices themselves
   * @param copies device addresses of their dense copies, for those on the host
   * @param plain whether every delta is the transform's output as it is
   * @return null if a kernel has to store them
   */
  static @Nullable DirectTargets of(
      DensePlan plan, List<Matrix> out, long[] copies, boolean plain) {
    if (!plain || (plan.path() != DensePath.FOLDED && plan.path() != DensePath.PRUNED)) {
      return null;
    }
    long elements = plan.rows() * plan.cols();
    long[] pointers = new long[out.size()];
    boolean contiguous = true;
    for (int i = 0; i < pointers.length; i++) {
      Matrix matrix = out.get(i);
      boolean dense = !(matrix instanceof DeviceView) || matrix.stride() == matrix.cols();
      pointers[i] = matrix instanceof DeviceView view ? view.pointer() : copies[i];
      if (matrix.elementType() != ElementType.F32 || !dense || pointers[i] % ALIGNMENT != 0) {
        return null;
      }
      contiguous &= pointers[i] == pointers[0] + i * elements * Float.BYTES;
    }
    if (contiguous) {
      return new DirectTargets(pointers, pointers.length);
    }
    return elements >= LARGE ? new DirectTargets(pointers, 1) : null;
  }
}
