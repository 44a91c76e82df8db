package io.fourierft.training;

import io.fourierft.ElementType;
import io.fourierft.EngineClosedException;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.cuda.DeviceLostException;
import io.fourierft.cuda.DeviceSpectrum;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.LayerGroup;
import io.fourierft.layer.MergeException;
import org.jspecify.annotations.Nullable;

/**
 * The coefficients of one adapter while they are trained, and the gradient that gathers for them.
 * Not thread-safe.
 *
 * <p>In device memory the coefficients change in place: the layer's adapter is exchanged for one
 * that stands for that memory, so that passes, also recorded ones, compute with the values of now
 * and nothing is copied. {@link io.fourierft.FourierAdapter#spectrum} of the layer's adapter shows
 * them after {@link #publish}, and closing this publishes them.
 */
public final class TrainableSpectrum implements TrainableParameter {
  private final String name;
  private final int nFrequency;
  private final Matrix values;
  private final Matrix gradient;
  private final @Nullable Target target;
  private final @Nullable OnDevice device;

  private TrainableSpectrum(
      String name,
      int nFrequency,
      Matrix values,
      Matrix gradient,
      @Nullable Target target,
      @Nullable OnDevice device) {
    this.name = name;
    this.nFrequency = nFrequency;
    this.values = values;
    this.gradient = gradient;
    this.target = target;
    this.device = device;
  }

  /**
   * A spectrum of its own in host memory, for a caller who puts the values where they belong.
   *
   * @param initial copied
   */
  public static TrainableSpectrum of(String name, float[] initial) {
    return onHost(name, initial.clone(), null);
  }

  /**
   * The spectrum of a layer's adapter, starting from what the adapter has; {@link #publish} gives
   * the trained values back to it. It is in device memory if the layer's weight is.
   *
   * @param name unlike that of every other parameter of one training, as in {@code
   *     model.layers.0.self_attn.q_proj}
   */
  public static TrainableSpectrum of(String name, FourierLinear layer, String adapter) {
    FourierAdapter initial = layer.adapter(adapter);
    Target target = new Target(layer, adapter);
    if (!(layer.weight() instanceof CudaMatrix)) {
      return onHost(name, initial.spectrum(), target);
    }
    TrainableSpectrum spectrum =
        onDevice(name, CudaFourierEngine.of(layer.engine()), initial, target);
    boolean taken = false;
    try {
      layer.substituteAdapter(adapter, spectrum.adapter());
      taken = true;
      return spectrum;
    } finally {
      if (!taken && spectrum.device != null) {
        spectrum.device.close();
      }
    }
  }

  /**
   * A spectrum of its own in device memory, for a caller who computes with {@link #adapter}.
   *
   * @param initial places, scaling and first values
   */
  public static TrainableSpectrum of(
      String name, CudaFourierEngine engine, FourierAdapter initial) {
    return onDevice(name, engine, initial, null);
  }

  private static TrainableSpectrum onHost(
      String name, float[] coefficients, @Nullable Target target) {
    requireTrainable(name, coefficients.length);
    int n = coefficients.length;
    return new TrainableSpectrum(
        name, n, Matrix.of(coefficients, 1, n), Matrix.of(new float[n], 1, n), target, null);
  }

  private static TrainableSpectrum onDevice(
      String name, CudaFourierEngine engine, FourierAdapter initial, @Nullable Target target) {
    int n = initial.nFrequency();
    requireTrainable(name, n);
    OnDevice device = OnDevice.take(engine, initial);
    return new TrainableSpectrum(
        name, n, device.spectrum.coefficients(), device.gradient, target, device);
  }

  private static void requireTrainable(String name, int nFrequency) {
    if (name.isBlank()) {
      throw new FourierException("a trained spectrum needs a name that is not blank");
    }
    if (nFrequency == 0) {
      throw new FourierException("spectrum '" + name + "' has no coefficients to train");
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return nFrequency;
  }

  /** Number of coefficients. */
  public int nFrequency() {
    return nFrequency;
  }

  /** The coefficients as F32 {@code [1, n_frequency]}; a view, not a copy. */
  @Override
  public Matrix values() {
    return values;
  }

  /**
   * The gradient as the F32 {@code [1, n_frequency]} matrix that a backward pass adds to; a view,
   * not a copy.
   */
  @Override
  public Matrix gradient() {
    return gradient;
  }

  /** A copy of the coefficients; waits for a device. */
  public float[] spectrum() {
    float[] copy = new float[nFrequency];
    HostMatrix into = Matrix.of(copy, 1, nFrequency);
    if (device != null && values instanceof CudaMatrix from) {
      device.engine.download(from, into);
    } else if (values instanceof HostMatrix from) {
      for (int k = 0; k < nFrequency; k++) {
        copy[k] = from.get(0, k);
      }
    }
    return copy;
  }

  /**
   * The adapter to compute with, which has the values of now.
   *
   * @throws FourierException if the spectrum is of neither a layer nor a device, so that nobody
   *     knows its places
   */
  public FourierAdapter adapter() {
    if (device != null) {
      return device.spectrum.adapter();
    }
    if (target != null) {
      return target.layer.adapter(target.adapter);
    }
    throw new FourierException(
        this + " has no adapter; make one of its values with FourierAdapter.of");
  }

  /**
   * Gives the values to the layer's adapter, if this spectrum has one. On a device, which it waits
   * for, it lets the adapter show them.
   */
  @Override
  public void publish() {
    if (device != null) {
      FourierAdapter renewed = device.spectrum.renewAdapter();
      if (target != null) {
        target.layer.substituteAdapter(target.adapter, renewed);
      }
    } else if (target != null) {
      target.layer.updateSpectrum(target.adapter, spectrum());
    }
  }

  @Override
  public @Nullable LayerGroup group() {
    return target == null ? null : target.layer.group();
  }

  @Override
  public void requirePublishable() {
    if (target != null) {
      target.requireTrainable(name, nFrequency);
      if (device != null && !target.isIn(device)) {
        throw new FourierException(
            "adapter '%s' of layer '%s' was replaced by another, so it cannot be trained"
                .formatted(target.adapter, name));
      }
    }
  }

  /** Publishes the values and gives the memory back, on a device; does nothing on the host. */
  @Override
  public void close() {
    if (device == null || device.closed) {
      return;
    }
    try {
      if (target == null || target.isIn(device)) {
        publish();
      }
    } catch (EngineClosedException | DeviceLostException e) {
      // Nobody computes with the layer any more.
    } finally {
      device.close();
    }
  }

  @Override
  public boolean isClosed() {
    return device != null && device.closed;
  }

  @Override
  public String toString() {
    return "spectrum '%s' of %d".formatted(name, nFrequency);
  }

  private record Target(FourierLinear layer, String adapter) {
    /** Whether the layer has an adapter of that name that stands for the device's memory. */
    boolean isIn(OnDevice device) {
      return layer.adapterNames().contains(adapter)
          && device.spectrum.isRepresentedBy(layer.adapter(adapter));
    }

    void requireTrainable(String name, int nFrequency) {
      if (layer.adapter(adapter).nFrequency() != nFrequency) {
        throw new FourierException(
            "adapter '%s' of layer '%s' has %d coefficients now, but %d are trained; it was replaced"
                .formatted(adapter, name, layer.adapter(adapter).nFrequency(), nFrequency));
      }
      if (layer.mergedAdapters().contains(adapter)) {
        throw new MergeException(
            "adapter '%s' of layer '%s' is merged, so it cannot be trained; unmerge it first"
                .formatted(adapter, name));
      }
    }
  }

  /** What a spectrum has of a device. */
  private static final class OnDevice {
    final CudaFourierEngine engine;
    final DeviceSpectrum spectrum;
    final DeviceBuffer gradient;
    boolean closed;

    private OnDevice(CudaFourierEngine engine, DeviceSpectrum spectrum, DeviceBuffer gradient) {
      this.engine = engine;
      this.spectrum = spectrum;
      this.gradient = gradient;
    }

    static OnDevice take(CudaFourierEngine engine, FourierAdapter initial) {
      DeviceSpectrum spectrum = engine.newDeviceSpectrum(initial);
      @Nullable DeviceBuffer gradient = null;
      boolean complete = false;
      try {
        gradient = engine.newBuffer(ElementType.F32, 1, initial.nFrequency());
        engine.zero(gradient);
        complete = true;
        return new OnDevice(engine, spectrum, gradient);
      } finally {
        if (!complete) {
          spectrum.close();
          if (gradient != null) {
            gradient.close();
          }
        }
      }
    }

    void close() {
      closed = true;
      try {
        spectrum.close();
      } finally {
        gradient.close();
      }
    }
  }
}
