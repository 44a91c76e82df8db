package io.fourierft.cuda;

import io.fourierft.FourierAdapter;

/**
 * The coefficients of one adapter in device memory, where they may be changed in place: {@code
 * io.fourierft.training} trains them there. The places and the scaling stay fixed.
 *
 * <p>While this is open, its engine computes with the <em>current</em> coefficients wherever {@link
 * #adapter()} occurs, in a routing or alone; {@link FourierAdapter#spectrum()} of that goes on to
 * show those it was made with.
 */
public interface DeviceSpectrum extends AutoCloseable {
  /** The adapter that stands for the coefficients now. */
  FourierAdapter adapter();

  /** The coefficients, F32 {@code [1, n_frequency]}, to be read and written. */
  CudaMatrix coefficients();

  /** Whether {@code other} stands for these coefficients: {@link #adapter()}, or one before it. */
  boolean isRepresentedBy(FourierAdapter other);

  /**
   * Waits for the coefficients of now, and lets another adapter, which shows them, stand for the
   * memory too. Those before it go on to do so until this closes.
   *
   * @return what {@link #adapter()} returns from now on
   */
  FourierAdapter renewAdapter();

  /** Gives the memory back; a second call does nothing. */
  @Override
  void close();
}
