package io.fourierft.layer;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.Matrix;
import io.fourierft.ShapeException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer with FourierFT adapters: PEFT's {@code FourierFTLinear} ({@code
 * src/peft/tuners/fourierft/layer.py}) without a model framework around it.
 *
 * <pre>  y[t] = W x[t] + b + Σ_active ΔW x[t]</pre>
 *
 * <p>W is {@code [out_features, in_features]}, or {@code [in_features, out_features]}, as {@link
 * FourierLinearOptions#layout()}; x is {@code [tokens, in_features]} and y {@code [tokens,
 * out_features]}, both of W's element type or F32. The base product is float32 (float64 for an F64
 * weight) and rounded to the type of y, the adapters are added in float32, and the sum is rounded
 * once.
 *
 * <p><b>Adapters.</b> The first adapter of a layer becomes active, later ones must be activated. As
 * in PEFT a layer with merged adapters computes with its weight alone, even if further adapters are
 * active. Stricter than PEFT: unknown names are errors, a merge happens whole or not at all, and a
 * batch may name an adapter for each sample.
 *
 * <p><b>On a device.</b> A weight in the memory of the engine's device makes a layer there: x, y,
 * g, gx and the bias are device matrices too, x and y of W's type, F32, F16 or BF16. The base
 * product is cuBLAS's; without cuBLAS it throws, and {@link #addAdapterOutput} still works. The
 * adapters' part takes the spectral operator, never a built ΔW. Passes are enqueued, on the
 * engine's stream or that of {@link #on}, and wait for nothing, so that they can be recorded;
 * merges wait.
 *
 * <p><b>Memory.</b> The weight given is never written: a merge makes a new one, which {@link
 * #weight} returns. It must stay readable and unchanged as long as the layer is used. The engine is
 * the caller's and must outlive the layer.
 *
 * <p><b>Threads.</b> Any number of threads may call any methods at once. All state is one immutable
 * value that is exchanged whole, so a pass computes with the adapters, flags and weight of one
 * moment, the one at which it began, and is never disturbed by a change that comes later. Changes
 * are made one at a time, in some order; when a changing method returns, every pass that begins
 * afterwards sees its change. Layers of one {@link LayerGroup} can be changed together. Two passes
 * must not write the same memory, and a {@link LinearTape} belongs to one thread at a time.
 *
 * <p><b>Errors.</b> {@link ShapeException} for shapes, strides, types or overlapping memory that do
 * not fit, {@link AdapterNameException} for names, {@link MergeException} for what merged adapters
 * forbid, all before anything is written or changed; {@link io.fourierft.EngineClosedException}
 * after the engine was closed, when an output may be partly written.
 */
public final class FourierLinear implements AutoCloseable {
  /** Names no adapter for a sample of a mixed batch: the base layer alone, as PEFT's LoRA. */
  public static final String BASE = "__base__";

  private final LayerSetup setup;
  private final LayerChanges changes;

  /** The layer that this is a view of, or this. */
  private final FourierLinear itself;

  /**
   * A layer without adapters, in a group of its own.
   *
   * @param weight the base weight, of any element type and stride; referred to, not copied. Where
   *     it lies, everything else has to lie: in host memory, or in that of the engine's device
   * @param bias {@code [1, out_features]}, or null for none; copied in host memory, on a device
   *     referred to, and of the weight's type or F32
   * @throws ShapeException if the bias does not fit
   */
  public FourierLinear(
      FourierEngine engine, Matrix weight, @Nullable Matrix bias, FourierLinearOptions options) {
    this(engine, weight, bias, options, new LayerGroup());
  }

  /**
   * The same in a group, whose layers can be changed together.
   *
   * @param weight as above
   * @param bias as above
   * @param group the layers that it belongs to
   * @throws ShapeException if the bias does not fit
   */
  public FourierLinear(
      FourierEngine engine,
      Matrix weight,
      @Nullable Matrix bias,
      FourierLinearOptions options,
      LayerGroup group) {
    this.setup = LayerSetup.of(engine, weight, options);
    this.changes =
        LayerChanges.of(
            LayerState.of(LayerWeight.given(weight), bias == null ? null : setup.kept(bias)),
            group,
            setup.merger(),
            options.keepsOriginalWeight(),
            setup::forget);
    this.itself = this;
  }

  private FourierLinear(FourierLinear of, LayerSetup setup, LayerChanges changes) {
    this.setup = setup;
    this.changes = changes;
    this.itself = of.itself;
  }

  /**
   * The same layer, computing with another view of its engine: on a device, passes and merges are
   * enqueued where that one enqueues, as in {@code engine.record(on -> layer.on(on).forward(x,
   * y))}. Tapes and all that can change are those of this layer, so that ordering the streams is
   * the caller's.
   *
   * @throws ShapeException if the engine does not reach the base weight
   */
  public FourierLinear on(FourierEngine other) {
    LayerSetup there = setup.on(other, weight());
    return new FourierLinear(this, there, changes.with(there.merger()));
  }

  /** The engine that computes. */
  public FourierEngine engine() {
    return setup.engine();
  }

  /** The layers that it can be changed with, in one {@link LayerGroup#exchange}. */
  public LayerGroup group() {
    return changes.group();
  }

  /**
   * This layer as it was at a moment of its group, for passes over several layers; it cannot be
   * changed. Tapes are the same for both.
   *
   * @throws io.fourierft.FourierException if the moment is of another group
   */
  public FourierLinear at(LayerGroup.Moment moment) {
    return new FourierLinear(this, setup, changes.at(moment));
  }

  /** Length of an input token. */
  public int inFeatures() {
    return setup.inFeatures();
  }

  /** Length of an output token. */
  public int outFeatures() {
    return setup.outFeatures();
  }

  /** How the layer was built. */
  public FourierLinearOptions options() {
    return setup.options();
  }

  /**
   * The weight that a pass multiplies with now: the one given, or a merged one. Not for writing. A
   * merged one on a device is given back after the layer has replaced it.
   */
  public Matrix weight() {
    return changes.state().weight();
  }

  /** A copy of the bias, on a device the bias itself; null if there is none. */
  public @Nullable Matrix bias() {
    Matrix bias = changes.state().bias();
    return bias == null ? null : setup.memory().shown(bias);
  }

  /**
   * Gives the layer another bias, as after a step of training; passes that have begun keep the old
   * one. A layer that had none has one from then on.
   *
   * @param bias {@code [1, out_features]}; copied in host memory, on a device referred to, so that
   *     what is written there later changes passes that run later
   * @throws ShapeException if it does not fit
   */
  public void updateBias(Matrix bias) {
    changes.updateBias(setup.kept(bias));
  }

  /** Names of all adapters, in the order added. */
  public List<String> adapterNames() {
    return changes.state().adapters().names();
  }

  /**
   * The adapter of that name.
   *
   * @throws AdapterNameException if there is none
   */
  public FourierAdapter adapter(String name) {
    return changes.state().adapter(name);
  }

  /** Names of the active adapters, in the order in which they are added and merged. */
  public List<String> activeAdapters() {
    return changes.state().active();
  }

  /** Names of the merged adapters, in the order of merging. */
  public List<String> mergedAdapters() {
    return changes.state().merged();
  }

  /** Whether adapters take part in passes. */
  public boolean adaptersEnabled() {
    return changes.state().enabled();
  }

  /** Bytes of ΔW held by the cache of {@link FourierLinearOptions#deltaCacheBytes()}. */
  public long cachedDeltaBytes() {
    return setup.cachedBytes();
  }

  /**
   * Adds an adapter; it becomes active if it is the only one.
   *
   * @throws AdapterNameException if the name is taken, blank, {@link #BASE}, or contains a dot
   * @throws ShapeException if the adapter is not {@code out_features × in_features}
   */
  public void addAdapter(String name, FourierAdapter adapter) {
    AdapterNames.requireValid(name);
    setup.requireFit(name, adapter);
    changes.add(name, adapter);
  }

  /**
   * Gives an adapter other coefficients, as after a step of training; passes that have begun keep
   * the old ones.
   *
   * @throws MergeException if it is merged, since unmerging would then take off something else
   */
  public void updateSpectrum(String name, float[] spectrum) {
    changes.updateSpectrum(name, spectrum);
  }

  /**
   * Exchanges an adapter, merged or not, for another that stands for the same coefficients, such as
   * one whose coefficients an engine keeps in device memory. That they are the same is the caller's
   * to know.
   *
   * @throws AdapterNameException if there is none of that name
   * @throws ShapeException if places or scaling are not the same
   */
  public void substituteAdapter(String name, FourierAdapter same) {
    changes.substitute(name, same);
  }

  /** Renames an adapter; its place, and whether it is active or merged, stay. */
  public void renameAdapter(String from, String to) {
    AdapterNames.requireValid(to);
    changes.rename(from, to);
  }

  /**
   * Removes an adapter. If it was the last active one, the first of the others in sorted order
   * becomes active.
   *
   * @throws MergeException if it is merged
   */
  public void deleteAdapter(String name) {
    changes.delete(name);
  }

  /**
   * Makes exactly these adapters active, in this order; an empty list leaves the base alone. Merged
   * adapters are unmerged first, as PEFT does.
   *
   * @throws AdapterNameException if one is unknown or named twice
   */
  public void setActiveAdapters(List<String> names) {
    changes.setActive(names);
  }

  /** As {@link #setActiveAdapters}, ignoring names that this layer of a larger model lacks. */
  public void setActiveAdaptersIfPresent(List<String> names) {
    changes.setActiveIfPresent(names);
  }

  /** Lets passes compute with the base alone; merged adapters are unmerged for good, as in PEFT. */
  public void disableAdapters() {
    changes.disable();
  }

  /** Undoes {@link #disableAdapters}; what it unmerged is live again, but not merged. */
  public void enableAdapters() {
    changes.enable();
  }

  /** Disables the adapters until the returned object is closed. */
  public AdapterSuspension suspendAdapters() {
    return new AdapterSuspension(this, changes.disable());
  }

  /** Merges all active adapters; see {@link #merge(boolean, List)}. */
  public List<String> merge(boolean safe) {
    return changes.mergeActive(safe);
  }

  /**
   * Merges adapters into a copy of the weight, one after the other, and makes it the layer's
   * weight. Those that are merged already are passed over.
   *
   * @param safe whether to refuse a merged weight with an element that is not finite
   * @return the names that this call merged
   * @throws MergeException if {@code safe} refuses or the adapters are disabled; nothing is changed
   */
  public List<String> merge(boolean safe, List<String> names) {
    return changes.merge(safe, names);
  }

  /**
   * Takes all merged adapters off again: by giving back the weight of before, if {@link
   * FourierLinearOptions#keepsOriginalWeight()}, else by subtracting them in reverse order, which
   * leaves rounding errors in every element type.
   *
   * @return whether anything was merged
   */
  public boolean unmerge() {
    return changes.unmerge();
  }

  /**
   * A new weight with {@code names} merged on top of {@link #weight}, as {@link #merge} would make
   * it; the layer stays as it is. PEFT's {@code merge_and_unload}. On a device it is a {@link
   * io.fourierft.DeviceMatrix.Owned}, which is the caller's to close.
   */
  public Matrix mergedWeight(boolean safe, List<String> names) {
    LayerState now = changes.state();
    AdapterNames.requireKnown(now, names);
    return setup.merger().merged(now, now.notMerged(names), safe);
  }

  /** Computes y from x with the active adapters. */
  public void forward(Matrix x, Matrix y) {
    LayerState now = changes.state();
    run(now, now.live(), x, y, null);
  }

  /** The same, and keeps in {@code tape} what {@link #backward} needs. */
  public void forward(Matrix x, Matrix y, LinearTape tape) {
    LayerState now = changes.state();
    run(now, now.live(), x, y, tape);
  }

  /**
   * Computes y from x where each token names its own adapter, active or not.
   *
   * @param names one for each token: the name of an adapter, or null or {@link #BASE} for none
   * @throws AdapterNameException if a name is unknown
   * @throws MergeException if adapters are merged
   */
  public void forward(Matrix x, Matrix y, List<@Nullable String> names) {
    LayerState now = changes.state();
    run(now, AdapterNames.route(now, names, 1, x.rows()), x, y, null);
  }

  /**
   * The same for samples of several tokens each.
   *
   * @param names one for each sample
   * @param tokensPerSample x has {@code names.size() * tokensPerSample} tokens, those of one sample
   *     together
   * @param tape null if no backward pass follows
   */
  public void forward(
      Matrix x,
      Matrix y,
      List<@Nullable String> names,
      int tokensPerSample,
      @Nullable LinearTape tape) {
    LayerState now = changes.state();
    run(now, AdapterNames.route(now, names, tokensPerSample, x.rows()), x, y, tape);
  }

  /** A tape for passes of up to {@code capacity} tokens. */
  public LinearTape newTape(int capacity) {
    return LinearTape.of(itself, setup.engine(), capacity);
  }

  /**
   * The gradients of the pass that {@code tape} kept.
   *
   * @param g {@code [tokens, out_features]}, the upstream gradient of y
   * @param gx {@code [tokens, in_features]}, overwritten with the gradient of x; null if not wanted
   * @param gradients for each adapter that is to be trained an F32 {@code [1, n_frequency]} matrix,
   *     to which the gradient of its coefficients is added; those of adapters that took no part
   *     stay as they are
   */
  public void backward(
      LinearTape tape, Matrix g, @Nullable Matrix gx, Map<String, ? extends Matrix> gradients) {
    backward(tape, g, gx, gradients, null);
  }

  /**
   * The same with the gradient of the bias: the sum of {@code g} over all tokens.
   *
   * @param biasGradient F32 {@code [1, out_features]}, added to; null if not wanted
   * @throws ShapeException if the pass had no bias
   */
  public void backward(
      LinearTape tape,
      Matrix g,
      @Nullable Matrix gx,
      Map<String, ? extends Matrix> gradients,
      @Nullable Matrix biasGradient) {
    setup.calls().backward(tape.recordedState(itself), tape, g, gx, gradients, biasGradient);
  }

  /**
   * Adds only the active adapters' part to {@code y}, in whatever memory the engine can reach, for
   * a caller who multiplies with the base weight elsewhere. Does nothing while adapters are merged
   * or disabled.
   */
  public void addAdapterOutput(Matrix x, Matrix y) {
    setup.calls().addAdapterOutput(changes.state(), x, y);
  }

  private void run(
      LayerState now, AdapterNames.Routed routed, Matrix x, Matrix y, @Nullable LinearTape tape) {
    setup.calls().forward(now, routed, x, y, tape, itself);
  }

  /**
   * Gives back a merged weight in device memory that the layer owns; the layer computes no more. A
   * layer in host memory, or one that was never merged, need not be closed, and neither does one
   * that becomes unreachable. A second call does nothing, and neither does closing what {@link #on}
   * or {@link #at} gave.
   */
  @Override
  @SuppressWarnings("ReferenceEquality") // A layer has identity, and its views are not it.
  public void close() {
    if (itself == this) {
      changes.close();
    }
  }
}
