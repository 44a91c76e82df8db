package io.fourierft.internal.cuda.ops;

import io.fourierft.Matrix;
import io.fourierft.internal.cuda.stream.WorkStream;
import org.jspecify.annotations.Nullable;

/**
 * One of the two inputs of a gradient: a matrix that must be transformed, or its kept transform.
 *
 * @param matrix the activations, or null
 * @param kept their transform, or null
 * @param features their length
 */
public record TokenInput(@Nullable Matrix matrix, @Nullable CudaTokenSpectrum kept, long features) {
  public static TokenInput of(Matrix matrix) {
    return new TokenInput(matrix, null, matrix.cols());
  }

  public static TokenInput of(CudaTokenSpectrum kept) {
    return new TokenInput(null, kept, kept.features());
  }

  int tokens() {
    return matrix != null ? matrix.rows() : kept != null ? kept.tokens() : 0;
  }

  long spectrumBytes(long tokens) {
    return matrix == null ? 0 : tokens * CudaTokenSpectrum.bytesPerToken(features);
  }

  long copyBytes(long tokens) {
    return matrix == null ? 0 : TokenTransforms.copyBytes(matrix, tokens);
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
