package io.fourierft.internal.cuda.ops;

import io.fourierft.ElementType;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.cuda.fft.PlanKey;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.HostBytes;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.ElementCode;

/** Enqueues real transforms of activations, from any memory and format. */
public final class TokenTransforms {
  /** What cuFFT's vector loads want of the start of its input. */
  private static final long DIRECT_ALIGNMENT = 16;

  private TokenTransforms() {}

  /** Scratch bytes that {@code tokens} rows of {@code x} need besides their spectra. */
  static long copyBytes(Matrix x, long tokens) {
    return x instanceof HostMatrix ? tokens * x.cols() * x.elementType().sizeInBytes() : 0;
  }

  /**
   * Transforms rows {@code first} to {@code first + count - 1} of {@code x}.
   *
   * @param copy device memory of {@link #copyBytes}
   * @param spectra device memory for the half spectra of the rounded-up number of tokens
   */
  static void enqueue(WorkStream stream, Matrix x, int first, int count, long copy, long spectra) {
    long features = x.cols();
    long batch = RoundedBatch.of(count);
    long source;
    long stride;
    switch (x) {
      case HostMatrix host -> {
        stream.upload(HostBytes.of(host.slice(first, count)), copy);
        source = copy;
        stride = features;
      }
      case DeviceView view -> {
        source = view.pointer() + first * view.stride() * view.elementType().sizeInBytes();
        stride = view.stride();
      }
      default -> throw new IllegalStateException(x + " was not checked");
    }
    boolean asItIs =
        x.elementType() == ElementType.F32
            && stride == features
            && batch == count
            && source % DIRECT_ALIGNMENT == 0;
    if (asItIs) {
      stream
          .plans()
          .execute(
              new PlanKey(PlanKey.Kind.REAL_TO_HALF_LINES, 1, features, batch), source, spectra);
      return;
    }
    stream.launch(
        Kernel.PACK,
        count * Kernel.groups(features, Kernel.SEGMENT),
        stream
            .arguments()
            .add(source)
            .add(ElementCode.of(x.elementType()))
            .add(stride)
            .add((long) count)
            .add(features)
            .add(spectra)
            .add(2 * PlanKey.half(features)));
    stream
        .plans()
        .execute(
            new PlanKey(PlanKey.Kind.REAL_TO_HALF_LINES_IN_PLACE, 1, features, batch),
            spectra,
            spectra);
  }
}
