package io.fourierft.internal.cuda.ops;

import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.cuda.AdamWStep;
import io.fourierft.internal.cuda.device.OpenResources;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.DeviceBlock;
import io.fourierft.internal.cuda.memory.MemoryOwner;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.AdamwStruct;
import java.util.ArrayList;
import java.util.List;

/**
 * The device memory of coefficients under training: all coefficients, then all gradients, then the
 * first and the second moments, the partial sums and the result of the gradients' norm, and the
 * settings of the step.
 */
public final class SpectraStorage implements MemoryOwner {
  private static final int PARTS = 4;

  private final List<FourierAdapter> adapters;
  private final long[] start;
  private final long elements;
  private final int normBlocks;
  private final DeviceBlock block;
  private long steps;
  private boolean clipping;

  SpectraStorage(WorkStream stream, OpenResources registry, List<FourierAdapter> initial) {
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
    this.normBlocks = stream.grid(work);
    long bytes =
        partBytes() * PARTS + Double.BYTES * (normBlocks + 1L) + AdamwStruct.LAYOUT.byteSize();
    this.block = registry.make(() -> DeviceBlock.allocate(stream.context(), bytes));
  }

  List<FourierAdapter> adapters() {
    return adapters;
  }

  @Override
  public DeviceBlock block() {
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

  @Override
  public void requireOpen() {
    if (block.isClosed()) {
      throw new EngineClosedException(
          "these spectra were closed, by themselves or with the engine");
    }
  }

  /** Counts a step, whose settings are on their way. */
  synchronized void prepared(AdamWStep parameters) {
    steps++;
    clipping = parameters.maxNorm() != Float.POSITIVE_INFINITY;
  }

  /** The settings of the next step. */
  synchronized AdamwStruct nextStep(AdamWStep parameters) {
    double next = steps + 1.0;
    double learningRate = decimal(parameters.learningRate());
    double beta1 = decimal(parameters.beta1());
    double beta2 = decimal(parameters.beta2());
    double bias1 = 1 - Math.pow(beta1, next);
    double bias2 = 1 - Math.pow(beta2, next);
    return new AdamwStruct(
        (float) (1 - learningRate * decimal(parameters.weightDecay())),
        (float) beta1,
        (float) (1 - beta1),
        (float) beta2,
        (float) (1 - beta2),
        parameters.epsilon(),
        (float) (learningRate / bias1),
        (float) Math.sqrt(bias2),
        parameters.maxNorm());
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
