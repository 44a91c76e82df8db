package io.fourierft.cuda;

import io.fourierft.FourierAdapter;
import java.util.List;

/**
 * Coefficients of several adapters on the device, with their gradients and the two moments of
 * AdamW, updated in place by one launch for all of them. The places and the scalings stay fixed.
 *
 * <p>While this is open, its engine computes with the <em>current</em> coefficients wherever one of
 * {@link #adapters()} occurs, in a routing or alone; {@link FourierAdapter#spectrum()} of those
 * goes on to show the first ones.
 */
public interface TrainableSpectra extends AutoCloseable {
  /** The adapters that stand for the trained coefficients, in the order given. */
  List<FourierAdapter> adapters();

  /** The coefficients of adapter {@code index}, F32 {@code [1, n_frequency]}. */
  CudaMatrix coefficients(int index);

  /** Where gradients of adapter {@code index} are summed up, F32 {@code [1, n_frequency]}. */
  CudaMatrix gradient(int index);

  /** All gradients in the order of {@link #adapters()}, as {@code spectrumGradient} takes them. */
  List<CudaMatrix> gradients();

  /** Sets all gradients to zero. */
  void zeroGradients();

  /**
   * One step of AdamW on all coefficients, from the gradients as they stand: {@link #prepareStep}
   * and {@link #applyStep}.
   */
  default void step(AdamWStep parameters) {
    prepareStep(parameters);
    applyStep();
  }

  /**
   * Counts a step and puts its parameters on the device. Before each launch of a graph that holds
   * {@link #applyStep}, call this, outside the recording.
   */
  void prepareStep(AdamWStep parameters);

  /**
   * Applies the step that was prepared last; can be recorded. Whether the gradients' norm is taken
   * is decided when this is called, by whether the step prepared last clips.
   */
  void applyStep();

  /** Steps prepared so far. */
  long steps();

  /** The same spectra, with work enqueued where {@code engine} enqueues. */
  TrainableSpectra on(CudaFourierEngine engine);

  /** The current coefficients of adapter {@code index} as an immutable adapter; waits for them. */
  FourierAdapter snapshot(int index);

  /** Gives the memory back; a second call does nothing. */
  @Override
  void close();
}
