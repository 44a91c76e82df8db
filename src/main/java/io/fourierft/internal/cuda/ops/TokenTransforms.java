package io.fourierft.internal.cuda.ops;

import io.fourierft.ElementType;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.stream.WorkStream;

/** Enqueues real transforms of activations, from any memory and format. */
public final class TokenTransforms {
  /** What cuFFT's vector loads want of the start of its input. */
  private static final long DIRECT_ALIGNMENT = 16;

  private TokenTransforms() {}

  /**
   * Transforms rows {@code first} to {@code first + count - 1} of {@code x}.
   *
   * @param copy device memory of {@link DeviceTokens#copyBytes}
   * @param spectra device memory for the half spectra of the rounded-up number of tokens
   */
  static void enqueue(WorkStream stream, Matrix x, int first, int count, long copy, long spectra) {
    long features = x.cols();
    long batch = RoundedBatch.of(count);
    DeviceTokens tokens = DeviceTokens.of(stream, x, first, count, copy);
    boolean asItIs =
        x.elementType() == ElementType.F32
            && tokens.stride() == features
            && batch == count
            && tokens.data() % DIRECT_ALIGNMENT == 0;
    if (asItIs) {
      stream
          .plans()
          .execute(
              new PlanKey(PlanKey.Kind.REAL_TO_HALF_LINES, 1, features, batch),
              tokens.data(),
              spectra);
      return;
    }
    pack(stream, tokens, count, features, spectra, 2 * PlanKey.half(features));
    stream
        .plans()
        .execute(
            new PlanKey(PlanKey.Kind.REAL_TO_HALF_LINES_IN_PLACE, 1, features, batch),
            spectra,
            spectra);
  }

  /** Enqueues a float32 copy of tokens of any format. */
  static void pack(
      WorkStream stream,
      DeviceTokens tokens,
      long count,
      long features,
      long packed,
      long packedStride) {
    stream.launch(
        Kernel.PACK,
        count * Kernel.groups(features, Kernel.SEGMENT),
        stream
            .arguments()
            .add(tokens.data())
            .add(tokens.type())
            .add(tokens.stride())
            .add(count)
            .add(features)
            .add(packed)
            .add(packedStride));
  }
}
