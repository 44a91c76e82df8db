package io.fourierft.training;

import io.fourierft.EngineClosedException;
import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceAdamW;
import io.fourierft.cuda.DeviceLostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** AdamW on parameters in the memory of a device, which makes the steps by itself. */
final class DeviceUpdate implements ParameterUpdate {
  private final CudaFourierEngine engine;
  private final List<TrainableParameter> parameters;
  private final TrainerOptions options;
  private final DeviceAdamW steps;
  private boolean spoilt;

  /** Moments of zero. */
  DeviceUpdate(CudaFourierEngine engine, ParameterSet all, int groupCount, TrainerOptions options) {
    this.engine = engine;
    this.parameters = all.parameters();
    this.options = options;
    List<DeviceAdamW.Parameter> tensors = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      TrainableParameter parameter = parameters.get(i);
      tensors.add(
          new DeviceAdamW.Parameter(
              onDevice(parameter, parameter.values()),
              onDevice(parameter, parameter.gradient()),
              all.groups().get(i)));
    }
    this.steps = engine.newAdamW(tensors, groupCount);
  }

  private static CudaMatrix onDevice(TrainableParameter parameter, Matrix matrix) {
    if (matrix instanceof CudaMatrix device) {
      return device;
    }
    throw new FourierException(parameter + " is not in device memory");
  }

  @Override
  public void prepare(StepSettings settings) {
    steps.prepareStep(
        new DeviceAdamW.Settings(
            options.beta1(),
            options.beta2(),
            options.epsilon(),
            options.maxGradientNorm(),
            settings.share(),
            options.nonFinite() == NonFiniteGradients.REFUSE,
            settings.acknowledged(),
            settings.groups().stream()
                .map(each -> new DeviceAdamW.Rates(each.learningRate(), each.weightDecay()))
                .toList()));
  }

  @Override
  public void apply(FourierEngine on) {
    parameters.forEach(TrainableParameter::requirePublishable);
    steps.applyStep(CudaFourierEngine.of(on));
  }

  @Override
  public Progress progress() {
    return progress(steps.progress());
  }

  @Override
  public Progress awaitProgress() {
    return progress(steps.awaitProgress());
  }

  private static Progress progress(DeviceAdamW.Progress device) {
    return new Progress(device.steps(), device.skipped(), device.refused(), device.norm());
  }

  @Override
  public boolean isImmediate() {
    return false;
  }

  @Override
  public boolean isSpoilt() {
    return spoilt;
  }

  @Override
  public Matrix firstMoment(int index) {
    return steps.firstMoment(index);
  }

  @Override
  public Matrix secondMoment(int index) {
    return steps.secondMoment(index);
  }

  @Override
  public float[] read(StateTensor what, int index) {
    CudaMatrix from = matrix(what, index);
    float[] copy = new float[Math.toIntExact(parameters.get(index).size())];
    engine.download(from, Matrix.of(copy, from.rows(), from.cols()));
    return copy;
  }

  @Override
  public void beginRestoring() {
    parameters.forEach(TrainableParameter::requirePublishable);
    engine.synchronize();
    spoilt = true;
  }

  @Override
  public void write(StateTensor what, int index, float[] values) {
    CudaMatrix to = matrix(what, index);
    engine.upload(Matrix.of(values, to.rows(), to.cols()), to);
  }

  private CudaMatrix matrix(StateTensor what, int index) {
    TrainableParameter parameter = parameters.get(index);
    return switch (what) {
      case VALUE -> onDevice(parameter, parameter.values());
      case GRADIENT -> onDevice(parameter, parameter.gradient());
      case FIRST_MOMENT -> steps.firstMoment(index);
      case SECOND_MOMENT -> steps.secondMoment(index);
    };
  }

  @Override
  public void finishRestoring(Progress progress) {
    setProgress(progress);
    publish();
    spoilt = false;
  }

  @Override
  public void setProgress(Progress progress) {
    steps.setProgress(
        new DeviceAdamW.Progress(
            progress.steps(), progress.skipped(), progress.refused(), progress.norm()));
  }

  @Override
  public void clearGradients() {
    for (TrainableParameter parameter : parameters) {
      engine.zero(onDevice(parameter, parameter.gradient()));
    }
  }

  @Override
  public void publish() {
    Publishing.publish(parameters);
  }

  /** Whoever computes with a copy gets the last values, and then all memory goes. */
  @Override
  public void close() {
    RuntimeException failure = null;
    for (TrainableParameter parameter : parameters) {
      failure = attempt(() -> publishTensor(parameter), failure);
      failure = attempt(parameter::close, failure);
    }
    failure = attempt(steps::close, failure);
    if (failure != null) {
      throw failure;
    }
  }

  private static void publishTensor(TrainableParameter parameter) {
    try {
      if (parameter instanceof TrainableTensor tensor) {
        tensor.publish();
      }
    } catch (EngineClosedException | DeviceLostException e) {
      // Nobody computes with the values any more.
    }
  }

  private static @Nullable RuntimeException attempt(
      Runnable work, @Nullable RuntimeException failure) {
    try {
      work.run();
    } catch (RuntimeException e) {
      if (failure == null) {
        return e;
      }
      failure.addSuppressed(e);
    }
    return failure;
  }
}
