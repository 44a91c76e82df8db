package io.fourierft.cuda;

import io.fourierft.FourierException;
import java.util.List;

/**
 * AdamW on parameters in device memory, which {@code io.fourierft.training.Trainer} steps: the
 * moments, the count of steps, and a launch that updates all parameters or none. Whether gradients
 * are finite, and what follows from that, the device decides for itself, so that nothing waits.
 *
 * <p>A step is {@link #prepareStep}, which puts its settings on the device, then {@link
 * #applyStep}, which can be recorded: before each launch of a graph that holds it, the next step is
 * prepared, outside the recording. All work of one of these belongs on one stream, that of the
 * engine which made it; a graph that this engine recorded is launched there.
 */
public interface DeviceAdamW extends AutoCloseable {
  /**
   * Puts the settings of the next step on the device.
   *
   * @throws FourierException if there is not one pair of rates for each group
   */
  void prepareStep(Settings settings);

  /**
   * Makes the step that was prepared last, or leaves it out, and sets all gradients to zero. If
   * this throws, no parameter was changed.
   *
   * @param on the engine that made this, or the one that a recording is given
   */
  void applyStep(CudaFourierEngine on);

  /** As of the last step that is known to be done; never waits. */
  Progress progress();

  /** As of the last step; waits for it. */
  Progress awaitProgress();

  /** Counts from here; waits for what is enqueued. */
  void setProgress(Progress progress);

  /** exp_avg of parameter {@code index}, F32 in its shape, to be read and written. */
  CudaMatrix firstMoment(int index);

  /** exp_avg_sq of parameter {@code index}, F32 in its shape, to be read and written. */
  CudaMatrix secondMoment(int index);

  /** Gives the moments' memory back; a second call does nothing. */
  @Override
  void close();

  /**
   * One tensor.
   *
   * @param values F32, dense; updated in place
   * @param gradient F32 of the same shape; set to zero by each step
   * @param group whose rates it has, from 0
   */
  record Parameter(CudaMatrix values, CudaMatrix gradient, int group) {}

  /**
   * The settings of one step.
   *
   * @param beta1 decay of the first moment, in [0, 1)
   * @param beta2 decay of the second moment, in [0, 1)
   * @param epsilon added to the root of the second moment
   * @param maxNorm where the norm of all gradients together is above this, they are scaled down to
   *     it first; infinite for no clipping
   * @param share what a gathered gradient is multiplied by before all else
   * @param refuses whether gradients that are not finite refuse the step, after which none is made
   *     until the refusal is acknowledged; else it is skipped
   * @param acknowledged refused steps that the caller knows of
   * @param rates one for each group
   */
  record Settings(
      double beta1,
      double beta2,
      double epsilon,
      double maxNorm,
      float share,
      boolean refuses,
      long acknowledged,
      List<Rates> rates) {
    /** Copies the rates. */
    public Settings {
      rates = List.copyOf(rates);
    }
  }

  /**
   * The rates of a group in one step.
   *
   * @param learningRate with the factor of a schedule
   * @param weightDecay decoupled, as torch's
   */
  record Rates(double learningRate, double weightDecay) {}

  /**
   * How far training has come.
   *
   * @param steps steps made
   * @param skipped steps skipped because gradients were not finite
   * @param refused steps refused because gradients were not finite
   * @param norm the norm of all gradients of the last step, before clipping; NaN before the first
   */
  record Progress(long steps, long skipped, long refused, double norm) {}
}
