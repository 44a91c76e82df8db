package io.fourierft.training;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.cuda.CudaFourierEngine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Trains parameters with AdamW (Loshchilov and Hutter, ICLR 2019), bit for bit as {@code
 * torch.optim.AdamW} on a CPU does: gathers the gradients of several batches, clips them by the
 * norm of all together, steps, and gives the new values to the layers.
 *
 * <pre>
 *   for (batch : batches) {
 *     layer.forward(x, y, tape);
 *     layer.backward(tape, g, null, Map.of("default", spectrum.gradient()));
 *     trainer.batchDone();
 *   }
 *   trainer.finishEpoch();</pre>
 *
 * <p><b>Failures.</b> A call that throws has changed nothing, and may be made again: {@link
 * #batchDone} has not counted the batch then. If parameters could not be left as they were, the
 * trainer is spoilt: it says so and refuses everything until {@link #restore} has succeeded.
 *
 * <p><b>On a device.</b> With parameters in device memory nothing waits: whether gradients are
 * finite the device decides, and {@link #steps}, {@link #skippedSteps} and {@link #gradientNorm}
 * tell of the last step that is known to be done. A refused step stops the device, so that no later
 * step is made until a call here has thrown {@link NonFiniteGradientException}. The values change
 * in place; {@link #publish} and {@link #close} bring them to those who hold copies. All work goes
 * to the stream of the engine, and can be recorded: {@link #prepareStep}, {@link #applyStep}.
 *
 * <p>Owns its parameters. Not thread-safe.
 */
public final class Trainer implements AutoCloseable {
  private final FourierEngine engine;
  private final TrainerOptions options;
  private final List<ParameterGroup> groups;
  private final List<TrainableParameter> parameters;
  private final ParameterUpdate update;
  private long scheduled;
  private long acknowledged;
  private int gathered;
  private boolean closed;

  private Trainer(
      FourierEngine engine,
      List<ParameterGroup> groups,
      List<TrainableParameter> parameters,
      TrainerOptions options,
      ParameterUpdate update) {
    this.engine = engine;
    this.groups = new ArrayList<>(groups);
    this.parameters = parameters;
    this.options = options;
    this.update = update;
  }

  /**
   * A trainer in front of its first batch.
   *
   * @param engine which computes with the parameters
   * @param groups at least one; every parameter of another name and in one group
   * @throws FourierException if there is no group, a name occurs twice, or the parameters are not
   *     all in the memory of the host or all in that of the engine's device
   */
  public static Trainer of(
      FourierEngine engine, List<ParameterGroup> groups, TrainerOptions options) {
    ParameterSet all = ParameterSet.of(groups);
    ParameterUpdate update =
        all.isOnHost()
            ? new HostUpdate(all, options)
            : new DeviceUpdate(CudaFourierEngine.of(engine), all, groups.size(), options);
    return new Trainer(engine, groups, all.parameters(), options, update);
  }

  /** The groups, with the learning rates of now. */
  public List<ParameterGroup> groups() {
    return List.copyOf(groups);
  }

  /** How it steps. */
  public TrainerOptions options() {
    return options;
  }

  /** Batches gathered since the last step. */
  public int gatheredBatches() {
    return gathered;
  }

  /** Steps made, as of the last one that is done. */
  public long steps() {
    return update.progress().steps();
  }

  /** Steps skipped for gradients that were not finite, as of the last one that is done. */
  public long skippedSteps() {
    return update.progress().skipped();
  }

  /** Steps refused for gradients that were not finite, as of the last one that is done. */
  public long refusedSteps() {
    return update.progress().refused();
  }

  /**
   * The norm of all gradients together at the last step that is done, skipped or not, before
   * clipping, in float64; NaN before the first. Never waits.
   */
  public double gradientNorm() {
    return update.progress().norm();
  }

  /**
   * The learning rate of a group in its next step: its own, times the schedule's factor.
   *
   * @throws FourierException if there is no such group
   */
  public double learningRate(String group) {
    return groups.get(indexOf(group)).learningRate() * factor();
  }

  /**
   * Gives a group another learning rate, before the schedule's factor, from the next step on.
   *
   * @throws FourierException if there is no such group, or the rate is negative or not finite
   */
  public void setLearningRate(String group, double learningRate) {
    int index = indexOf(group);
    groups.set(index, groups.get(index).withLearningRate(learningRate));
  }

  /**
   * Gives a group another weight decay from the next step on.
   *
   * @throws FourierException if there is no such group, or the decay is negative or not finite
   */
  public void setWeightDecay(String group, double weightDecay) {
    int index = indexOf(group);
    groups.set(index, groups.get(index).withWeightDecay(weightDecay));
  }

  /**
   * The mean of a parameter's gradients (exp_avg), F32 in its shape; to be read and written.
   *
   * @throws FourierException if the parameter is not trained here
   */
  public Matrix firstMoment(TrainableParameter parameter) {
    return update.firstMoment(indexOf(parameter));
  }

  /**
   * The mean of a parameter's squared gradients (exp_avg_sq), F32 in its shape; to be read and
   * written.
   *
   * @throws FourierException if the parameter is not trained here
   */
  public Matrix secondMoment(TrainableParameter parameter) {
    return update.secondMoment(indexOf(parameter));
  }

  /**
   * Sets the number of steps made, on which the bias correction and the schedule depend, for
   * moments that come from elsewhere; what was skipped or refused is forgotten.
   */
  public void setSteps(long steps) {
    requireUsable();
    if (steps < 0) {
      throw new FourierException("the number of steps is " + steps + "; it must be at least 0");
    }
    Progress now = update.awaitProgress();
    update.setProgress(new Progress(steps, 0, 0, now.norm()));
    scheduled = steps;
    acknowledged = 0;
  }

  /**
   * Says that the gradients of a batch have been added; every {@code batchesPerStep} batches make a
   * step with these and clear them.
   *
   * @return whether a step was due
   * @throws NonFiniteGradientException if the gradients are not finite and the options refuse such;
   *     the step is not made, and the gradients are cleared
   */
  public boolean batchDone() {
    requireUsable();
    if (gathered + 1 < options.batchesPerStep()) {
      gathered++;
      return false;
    }
    step(gathered + 1);
    return true;
  }

  /**
   * Makes a step with the batches that are left over, whose gradients are divided as {@link
   * TrainerOptions#division} says.
   *
   * @return whether there were any
   * @throws NonFiniteGradientException as {@link #batchDone}
   */
  public boolean finishEpoch() {
    requireUsable();
    if (gathered == 0) {
      return false;
    }
    step(gathered);
    return true;
  }

  /**
   * Prepares a step from the gradients of {@code batchesPerStep} batches, for a loop that is
   * recorded: to be called before each launch of a graph that holds {@link #applyStep}, and before
   * that is recorded, which makes a step. Outside a recording, and not with batches counted by
   * {@link #batchDone}.
   *
   * @throws NonFiniteGradientException if an earlier step was refused, as a device tells when it
   *     has come there; no step has been made since
   */
  public void prepareStep() {
    requireUsable();
    if (gathered != 0) {
      throw new FourierException(
          gathered + " batches are gathered; finish them before a step that is recorded");
    }
    report();
    prepare(options.batchesPerStep());
    scheduled++;
  }

  /**
   * Makes the step that was prepared; on a device this can be recorded ({@link
   * io.fourierft.cuda.CudaFourierEngine#record}). The gradients are set to zero.
   *
   * @param on the trainer's engine, or the one that a recording is given
   */
  public void applyStep(FourierEngine on) {
    requireUsable();
    update.apply(on);
    if (update.isImmediate()) {
      report();
    }
  }

  private void step(int batches) {
    report();
    prepare(batches);
    update.apply(engine);
    gathered = 0;
    scheduled++;
    if (update.isImmediate()) {
      report();
    }
  }

  private void prepare(int batches) {
    double factor = factor();
    List<StepSettings.Rates> rates = new ArrayList<>(groups.size());
    for (ParameterGroup group : groups) {
      rates.add(new StepSettings.Rates(group.learningRate() * factor, group.weightDecay()));
    }
    update.prepare(new StepSettings(rates, options.share(batches), acknowledged));
  }

  /** Tells the caller of a refusal that it does not know of yet. */
  private void report() {
    Progress now = update.progress();
    if (now.refused() <= acknowledged) {
      return;
    }
    acknowledged = now.refused();
    scheduled = now.scheduled();
    gathered = 0;
    update.clearGradients();
    throw new NonFiniteGradientException(
        ("the gradients' norm is %s, so step %d was refused, and the gradients were cleared; the"
                + " parameters are as after step %d. Lower the learning rate, look for inputs that"
                + " are not finite, or let such steps be skipped (NonFiniteGradients.SKIP)")
            .formatted(now.norm(), now.steps() + 1, now.steps()));
  }

  /** Sets the gradients gathered so far to zero, and forgets their batches. */
  public void clearGradients() {
    requireUsable();
    update.clearGradients();
    gathered = 0;
  }

  /**
   * Writes values, gradients, moments, counters and all settings to a safetensors file, from which
   * {@link #restore} goes on as if there had been no break. The file is the same to the bit
   * whichever engine trains.
   */
  public void save(Path file) throws IOException {
    requireUsable();
    Progress now = update.awaitProgress();
    report();
    if (now.scheduled() != scheduled) {
      throw new FourierException(
          "%d steps were prepared, but %d were made: call prepareStep() once before each launch of a graph, or setSteps to say where to go on"
              .formatted(scheduled, now.scheduled()));
    }
    StateFile.write(file, groups, options, update, gathered);
  }

  /**
   * Takes up the state that {@link #save} wrote and gives the values to the layers.
   *
   * @param differing what of the stored training may be unlike this one, whose own settings then
   *     hold
   * @throws FourierException if the file is no such state, or one of other parameters or settings;
   *     nothing is changed
   */
  public void restore(Path file, MayDiffer... differing) throws IOException {
    requireOpen();
    Set<MayDiffer> allowed = EnumSet.noneOf(MayDiffer.class);
    allowed.addAll(List.of(differing));
    StateFile.Contents contents = StateFile.read(file, groups, options, allowed);
    contents.putInto(update);
    gathered = contents.gatheredBatches();
    scheduled = contents.progress().scheduled();
    acknowledged = contents.progress().refused();
  }

  /**
   * Gives the values to the layers: on the host this happens after each step anyway; on a device,
   * which it waits for, it lets the layers' adapters show the values.
   */
  public void publish() {
    requireUsable();
    update.publish();
  }

  /** Closes the parameters too; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      update.close();
    }
  }

  private double factor() {
    double factor = options.schedule().factor(scheduled);
    if (!(factor >= 0 && factor <= Double.MAX_VALUE)) {
      throw new FourierException(
          "schedule '%s' gives the factor %s for step %d; it must be at least 0 and finite"
              .formatted(options.schedule(), factor, scheduled));
    }
    return factor;
  }

  private int indexOf(String group) {
    for (int i = 0; i < groups.size(); i++) {
      if (groups.get(i).name().equals(group)) {
        return i;
      }
    }
    throw new FourierException(
        "there is no group '%s'; there are %s"
            .formatted(group, groups.stream().map(ParameterGroup::name).toList()));
  }

  @SuppressWarnings("ReferenceEquality") // Two parameters of one name are two parameters.
  private int indexOf(TrainableParameter parameter) {
    for (int i = 0; i < parameters.size(); i++) {
      if (parameters.get(i) == parameter) {
        return i;
      }
    }
    throw new FourierException(parameter + " is not trained by this trainer");
  }

  private void requireUsable() {
    requireOpen();
    if (update.isSpoilt()) {
      throw new FourierException(
          "an earlier call failed while it changed the parameters, which are spoilt; restore a"
              + " saved state before anything else");
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new FourierException("this trainer is closed");
    }
  }
}
