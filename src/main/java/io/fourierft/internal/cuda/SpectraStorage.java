package io.fourierft.internal.cuda;

import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.cuda.AdamW;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The device memory of coefficients under training: all coefficients, then all gradients, then the
 * first and the second moments, the partial sums and the result of the gradients' norm, and the
 * settings of the step.
 */
final class SpectraStorage {
  private static final int SETTINGS_BYTES = 40;
  private static final int PARTS = 4;

  private final List<FourierAdapter> adapters;
  private final long[] start;
  private final long elements;
  private final int normBlocks;
  private final DeviceBlock block;
  private long steps;
  private boolean clipping;

  SpectraStorage(Lane lane, List<FourierAdapter> initial) {
    this.start = new long[initial.size() + 1];
    List<FourierAdapter> standIns = new ArrayList<>();
    long work = 0;
    for (int i = 0; i < initial.size(); i++) {
      int n = initial.get(i).nFrequency();
      start[i + 1] = start[i] + n;
      work += Kernel.groups(n, Kernel.SEGMENT);
      // Another object, which stands for the coefficients on the device from now on.
      standIns.add(initial.get(i).withSpectrum(initial.get(i).spectrum()));
    }
    this.adapters = List.copyOf(standIns);
    this.elements = start[initial.size()];
    this.normBlocks = lane.grid(work);
    this.block =
        lane.context()
            .allocate(partBytes() * PARTS + Double.BYTES * (normBlocks + 1L) + SETTINGS_BYTES);
  }

  List<FourierAdapter> adapters() {
    return adapters;
  }

  DeviceBlock block() {
    return block;
  }

  /** Bytes of one of the four parts, a multiple of eight. */
  long partBytes() {
    return Kernel.groups(elements * Float.BYTES, Double.BYTES) * Double.BYTES;
  }

  /** Device address in part 0 (coefficients), 1 (gradients), 2 or 3 (moments) of an adapter. */
  long pointer(int part, int index) {
    return block.pointer() + part * partBytes() + start[index] * Float.BYTES;
  }

  /** Device address of the partial sums of the norm. */
  long normPartials() {
    return block.pointer() + PARTS * partBytes();
  }

  /** Blocks that the norm is computed by. */
  int normBlocks() {
    return normBlocks;
  }

  /** Device address of the norm. */
  long norm() {
    return normPartials() + (long) Double.BYTES * normBlocks;
  }

  /** Device address of the settings of the step. */
  long settings() {
    return norm() + Double.BYTES;
  }

  void requireOpen() {
    if (block.isClosed()) {
      throw new EngineClosedException(
          "these spectra were closed, by themselves or with the engine");
    }
  }

  /** Counts a step; returns its settings as fourierft_adamw. */
  synchronized byte[] nextStep(AdamW parameters) {
    steps++;
    clipping = parameters.maxNorm() != Float.POSITIVE_INFINITY;
    double learningRate = decimal(parameters.learningRate());
    double beta1 = decimal(parameters.beta1());
    double beta2 = decimal(parameters.beta2());
    double bias1 = 1 - Math.pow(beta1, (double) steps);
    double bias2 = 1 - Math.pow(beta2, (double) steps);
    return ByteBuffer.allocate(SETTINGS_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat((float) (1 - learningRate * decimal(parameters.weightDecay())))
        .putFloat((float) beta1)
        .putFloat((float) (1 - beta1))
        .putFloat((float) beta2)
        .putFloat((float) (1 - beta2))
        .putFloat(parameters.epsilon())
        .putFloat((float) (learningRate / bias1))
        .putFloat((float) Math.sqrt(bias2))
        .putFloat(parameters.maxNorm())
        .putInt(0)
        .array();
  }

  /** The double that a user who wrote the float in decimal meant: 0.999, not 0.99900001287. */
  private static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }

  synchronized long steps() {
    return steps;
  }

  synchronized boolean isClipping() {
    return clipping;
  }
}
