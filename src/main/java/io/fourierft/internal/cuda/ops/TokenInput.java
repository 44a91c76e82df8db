package io.fourierft.internal.cuda.ops;

import io.fourierft.Matrix;
import io.fourierft.internal.cuda.stream.WorkStream;
import org.jspecify.annotations.Nullable;

/**
 * An input of an operator or a gradient: tokens that are still to be transformed, or their kept
 * transforms.
 *
 * @param matrix the tokens, or null
 * @param kept their transforms, or null
 * @param features their length
 */
public record TokenInput(@Nullable Matrix matrix, @Nullable CudaTokenSpectrum kept, long features) {
  public static TokenInput of(Matrix matrix) {
    return new TokenInput(matrix, null, matrix.cols());
  }

  /** What was kept, be it tokens or transforms. */
  public static TokenInput of(CudaTokenSpectrum kept) {
    return kept.keepsTokens()
        ? new TokenInput(kept.view(), null, kept.features())
        : new TokenInput(null, kept, kept.features());
  }

  int tokens() {
    return matrix != null ? matrix.rows() : kept != null ? kept.tokens() : 0;
  }

  long spectrumBytes(long tokens) {
    return matrix == null ? 0 : tokens * CudaTokenSpectrum.spectrumBytes(features);
  }

  long copyBytes(long tokens) {
    return matrix == null ? 0 : DeviceTokens.copyBytes(matrix, tokens);
  }

  /** Device address of the transforms of some tokens, enqueued if need be. */
  long enqueue(WorkStream stream, int first, int count, long copy, long spectra) {
    if (kept != null) {
      return kept.pointer(first);
    }
    if (matrix != null) {
      TokenTransforms.enqueue(stream, matrix, first, count, copy, spectra);
    }
    return spectra;
  }
}
