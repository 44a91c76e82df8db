package io.fourierft.training;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.internal.definition.AdamWArithmetic;
import io.fourierft.internal.host.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** AdamW on parameters in host memory. */
final class HostUpdate implements ParameterUpdate {
  private static final int SEGMENT = AdamWArithmetic.SEGMENT;

  private final List<Tensor> tensors = new ArrayList<>();
  private final TrainerOptions options;
  private final double[] squares;
  private final double[] lanes = new double[AdamWArithmetic.LANES];
  private final float[] values = new float[SEGMENT];
  private final float[] gradient = new float[SEGMENT];
  private StepSettings settings = new StepSettings(List.of(), 1, 0);
  private Progress progress = Progress.START;
  private boolean spoilt;

  /** Moments of zero. */
  HostUpdate(ParameterSet all, TrainerOptions options) {
    this.options = options;
    long segments = 0;
    for (int i = 0; i < all.parameters().size(); i++) {
      tensors.add(Tensor.of(all.parameters().get(i), all.groups().get(i)));
      segments += AdamWArithmetic.segments(all.parameters().get(i).size());
    }
    this.squares = new double[Math.toIntExact(segments)];
  }

  @Override
  public void prepare(StepSettings newSettings) {
    settings = newSettings;
  }

  @Override
  public void apply(FourierEngine on) {
    for (Tensor tensor : tensors) {
      tensor.requireWritable();
      tensor.parameter.requirePublishable();
    }
    double norm = norm();
    if (!Double.isFinite(norm)) {
      boolean refused = options.nonFinite() == NonFiniteGradients.REFUSE;
      progress =
          new Progress(
              progress.steps(),
              progress.skipped() + (refused ? 0 : 1),
              progress.refused() + (refused ? 1 : 0),
              norm);
      clearGradients();
      return;
    }
    spoilt = true;
    long step = progress.steps() + 1;
    AdamWArithmetic.Step with =
        AdamWArithmetic.Step.of(
            options.beta1(),
            options.beta2(),
            options.epsilon(),
            step,
            settings.share(),
            norm,
            options.maxGradientNorm());
    tensors.forEach(tensor -> update(tensor, with));
    progress = new Progress(step, progress.skipped(), progress.refused(), norm);
    clearGradients();
    publish();
    spoilt = false;
  }

  private double norm() {
    int segment = 0;
    for (Tensor tensor : tensors) {
      for (int from = 0; from < tensor.size; from += SEGMENT) {
        int count = Math.min(SEGMENT, tensor.size - from);
        tensor.read(tensor.gradient, from, gradient, count);
        squares[segment] = AdamWArithmetic.squares(gradient, count, settings.share(), lanes);
        segment++;
      }
    }
    return Math.sqrt(AdamWArithmetic.sum(squares));
  }

  private void update(Tensor tensor, AdamWArithmetic.Step with) {
    StepSettings.Rates rates = settings.groups().get(tensor.group);
    float decay = AdamWArithmetic.decay(rates.learningRate(), rates.weightDecay());
    float stepSize = with.stepSize(rates.learningRate());
    for (int from = 0; from < tensor.size; from += SEGMENT) {
      int count = Math.min(SEGMENT, tensor.size - from);
      tensor.read(tensor.values, from, values, count);
      tensor.read(tensor.gradient, from, gradient, count);
      with.apply(values, gradient, tensor.first, tensor.second, from, count, decay, stepSize);
      tensor.write(values, tensor.values, from, count);
    }
  }

  @Override
  public Progress progress() {
    return progress;
  }

  @Override
  public Progress awaitProgress() {
    return progress;
  }

  @Override
  public boolean isImmediate() {
    return true;
  }

  @Override
  public boolean isSpoilt() {
    return spoilt;
  }

  @Override
  public Matrix firstMoment(int index) {
    Tensor tensor = tensors.get(index);
    return Matrix.of(tensor.first, tensor.values.rows(), tensor.values.cols());
  }

  @Override
  public Matrix secondMoment(int index) {
    Tensor tensor = tensors.get(index);
    return Matrix.of(tensor.second, tensor.values.rows(), tensor.values.cols());
  }

  @Override
  public float[] read(StateTensor what, int index) {
    Tensor tensor = tensors.get(index);
    float[] copy = new float[tensor.size];
    switch (what) {
      case VALUE -> tensor.read(tensor.values, 0, copy, copy.length);
      case GRADIENT -> tensor.read(tensor.gradient, 0, copy, copy.length);
      case FIRST_MOMENT -> System.arraycopy(tensor.first, 0, copy, 0, copy.length);
      case SECOND_MOMENT -> System.arraycopy(tensor.second, 0, copy, 0, copy.length);
    }
    return copy;
  }

  @Override
  public void beginRestoring() {
    tensors.forEach(Tensor::requireWritable);
    tensors.forEach(tensor -> tensor.parameter.requirePublishable());
    spoilt = true;
  }

  @Override
  public void write(StateTensor what, int index, float[] newValues) {
    Tensor tensor = tensors.get(index);
    switch (what) {
      case VALUE -> tensor.write(newValues, tensor.values, 0, newValues.length);
      case GRADIENT -> tensor.write(newValues, tensor.gradient, 0, newValues.length);
      case FIRST_MOMENT -> System.arraycopy(newValues, 0, tensor.first, 0, newValues.length);
      case SECOND_MOMENT -> System.arraycopy(newValues, 0, tensor.second, 0, newValues.length);
    }
  }

  @Override
  public void finishRestoring(Progress restored) {
    progress = restored;
    publish();
    spoilt = false;
  }

  @Override
  public void setProgress(Progress newProgress) {
    progress = newProgress;
  }

  @Override
  public void clearGradients() {
    tensors.forEach(Tensor::clearGradient);
  }

  /** The layers of one group get their new values in one exchange, and all else with them. */
  @Override
  public void publish() {
    Publishing.publish(tensors.stream().map(tensor -> tensor.parameter).toList());
  }

  @Override
  public void close() {
    tensors.forEach(tensor -> tensor.parameter.close());
  }

  /** A parameter with its moments. */
  private static final class Tensor {
    final TrainableParameter parameter;
    final int group;
    final int size;
    final HostMatrix values;
    final HostMatrix gradient;
    final float[] first;
    final float[] second;

    private Tensor(
        TrainableParameter parameter, int group, HostMatrix values, HostMatrix gradient) {
      this.parameter = parameter;
      this.group = group;
      this.size = Math.toIntExact(parameter.size());
      this.values = values;
      this.gradient = gradient;
      this.first = new float[size];
      this.second = new float[size];
    }

    static Tensor of(TrainableParameter parameter, int group) {
      if (parameter.values() instanceof HostMatrix values
          && parameter.gradient() instanceof HostMatrix gradient) {
        return new Tensor(parameter, group, values, gradient);
      }
      throw new FourierException(parameter + " is not in host memory");
    }

    /** Fails while nothing is changed if the memory behind it is gone. */
    void requireWritable() {
      try {
        values.set(0, 0, values.get(0, 0));
        gradient.set(0, 0, gradient.get(0, 0));
      } catch (IllegalStateException e) {
        throw new FourierException(
            "the memory of " + parameter + " cannot be used: " + e.getMessage(), e);
      }
    }

    void read(HostMatrix from, int at, float[] to, int count) {
      MemorySegment.copy(from.data(), LittleEndian.FLOAT, (long) at * Float.BYTES, to, 0, count);
    }

    void write(float[] from, HostMatrix to, int at, int count) {
      MemorySegment.copy(from, 0, to.data(), LittleEndian.FLOAT, (long) at * Float.BYTES, count);
    }

    void clearGradient() {
      gradient.data().asSlice(0, (long) size * Float.BYTES).fill((byte) 0);
    }
  }
}
