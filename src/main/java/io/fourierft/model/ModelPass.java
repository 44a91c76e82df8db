package io.fourierft.model;

import io.fourierft.FourierEngine;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.LayerGroup;
import io.fourierft.layer.LinearTape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One forward pass over the layers of an {@link AdaptedModel} and the backward pass that fits it:
 * what every layer computes is of the moment at which the pass began, and the tapes of all layers
 * are kept here. A layer may be used several times in one pass; its backward calls come in reverse
 * order then. {@link #begin} begins the next pass with the same memory.
 *
 * <pre>
 *   try (ModelPass pass = model.newPass(tokens)) {
 *     for (batch : batches) {
 *       pass.begin();
 *       pass.forward("layers.0.q_proj", x, q);       // and so on, the program's own part between
 *       pass.backward("layers.0.q_proj", gq, gx);    // adds to the gradients of what is trained
 *       trainer.batchDone();
 *     }
 *   }</pre>
 *
 * <p>Used by one thread at a time. Closing gives memory back to the engine.
 */
public final class ModelPass implements AutoCloseable {
  private final AdaptedModel model;
  private final int capacity;
  private final Turn turn;

  /** Where a view of a pass enqueues; null for the pass itself. */
  private final @Nullable FourierEngine elsewhere;

  ModelPass(AdaptedModel model, int capacity) {
    this(model, capacity, new Turn(model.group().moment()), null);
  }

  private ModelPass(
      AdaptedModel model, int capacity, Turn turn, @Nullable FourierEngine elsewhere) {
    this.model = model;
    this.capacity = capacity;
    this.turn = turn;
    this.elsewhere = elsewhere;
  }

  /**
   * The same pass, computing with another view of the model's engine: on a device, layers enqueue
   * where that one enqueues, so that a pass over the whole model can be recorded:
   *
   * <pre>
   *   pass.begin();
   *   CudaGraph graph = engine.record(on -> {
   *     ModelPass there = pass.on(on);
   *     there.forward("layers.0.q_proj", x, q);      // and so on, every matrix on the device
   *     there.backward("layers.0.q_proj", gq, gx);
   *   });</pre>
   *
   * <p>What is recorded is of the moment at which the pass began: coefficients, heads and biases
   * that are trained on the device are those of now in each launch, other changes are not seen.
   * Tapes are those of the pass, which must be open as long as the graph is used. Closing what this
   * returns does nothing.
   *
   * @param other a view of the model's engine, as {@link io.fourierft.cuda.CudaFourierEngine#on}
   *     and {@link io.fourierft.cuda.CudaFourierEngine#record} give it
   */
  public ModelPass on(FourierEngine other) {
    return new ModelPass(model, capacity, turn, other);
  }

  /** Begins anew, with the adapters and weights of now and the active adapters on every token. */
  public void begin() {
    turn.moment = model.group().moment();
    turn.names = null;
    turn.tapes.values().forEach(Tapes::clear);
  }

  /** The layer as it was when the pass began, where this view enqueues. */
  private FourierLinear then(ModelLayer layer) {
    layer.requireKnownAt(model.state().at(turn.moment));
    FourierLinear then = layer.linear().at(turn.moment);
    FourierEngine there = elsewhere;
    return there == null ? then : then.on(there);
  }

  private ModelLayer layer(String path) {
    return model.named().layer(path, model.state().at(turn.moment));
  }

  /**
   * Begins anew, where each sample names its own adapter, active or not; a layer that lacks it
   * computes with its base, as in PEFT.
   *
   * @param adapters one for each sample: a name, or null or {@link FourierLinear#BASE} for none
   * @param sampleTokens tokens of each sample, which stand together
   * @throws io.fourierft.layer.AdapterNameException if a name is unknown
   */
  public void begin(List<@Nullable String> adapters, int sampleTokens) {
    begin();
    ModelState then = model.state().at(turn.moment);
    for (String name : adapters) {
      if (name != null && !name.equals(FourierLinear.BASE)) {
        then.adapter(name);
      }
    }
    turn.names = new ArrayList<>(adapters);
    turn.tokensPerSample = sampleTokens;
  }

  /**
   * Computes a layer's y from x; a pass for training keeps what {@link #backward} needs.
   *
   * @param path as {@link AdaptedModel#layer}
   * @throws FourierException if the layer is used for the first time, and an adapter that brings
   *     its bias was added or deleted after the pass began
   */
  public void forward(String path, Matrix x, Matrix y) {
    ModelLayer asked = layer(path);
    FourierLinear layer = then(asked);
    LinearTape tape = null;
    Tapes own = null;
    if (capacity > 0) {
      own = turn.tapes.computeIfAbsent(asked.path(), key -> new Tapes());
      tape = own.next(layer, capacity);
    }
    List<@Nullable String> perSample = turn.names;
    if (perSample != null) {
      layer.forward(x, y, there(layer, perSample), turn.tokensPerSample, tape);
    } else if (tape != null) {
      layer.forward(x, y, tape);
    } else {
      layer.forward(x, y);
    }
    if (own != null) {
      own.taken();
    }
  }

  private static List<@Nullable String> there(FourierLinear layer, List<@Nullable String> names) {
    List<@Nullable String> there = new ArrayList<>(names.size());
    List<String> known = layer.adapterNames();
    for (String name : names) {
      there.add(name != null && known.contains(name) ? name : null);
    }
    return there;
  }

  /**
   * The gradients of the layer's last forward call that has had none yet: writes that of x, and
   * adds those of the coefficients and of the bias to what {@link AdaptedModel#parameters} trains.
   *
   * @param g the upstream gradient of y
   * @param gx overwritten with the gradient of x; null if not wanted
   * @throws FourierException if the pass is one for inference, or has no such call
   */
  public void backward(String path, Matrix g, @Nullable Matrix gx) {
    if (capacity == 0) {
      throw new FourierException(
          "this pass keeps nothing for a backward pass; make it with newPass(tokens)");
    }
    ModelLayer asked = layer(path);
    Tapes own = turn.tapes.get(asked.path());
    if (own == null || own.used == 0) {
      throw new FourierException(
          "no forward call of '%s' in this pass is left to go back; begin() forgets them"
              .formatted(path));
    }
    FourierLinear layer = then(asked);
    Map<String, Matrix> gradients = new HashMap<>();
    List<String> known = layer.adapterNames();
    for (Map.Entry<String, AdapterParameters> entry : model.trained().entrySet()) {
      var spectrum = entry.getValue().spectrum(asked.path());
      if (spectrum != null && known.contains(entry.getKey())) {
        gradients.put(entry.getKey(), spectrum.gradient());
      }
    }
    layer.backward(own.last(), g, gx, gradients, gradient(asked.bias()));
    own.used--;
  }

  /**
   * A tensor of the moment at which the pass began; see {@link AdaptedModel#tensor}. Where samples
   * name adapters, it is that of the one adapter they all name.
   *
   * @throws FourierException if samples name several adapters, and one of them has a tensor of its
   *     own here: compute their heads in passes of their own
   */
  public Matrix tensor(String name) {
    List<@Nullable String> perSample = turn.names;
    if (perSample == null) {
      return model.named().tensor(name, model.state().at(turn.moment));
    }
    ModelState then = model.state().at(turn.moment);
    TensorName tensor = model.named().name(name, then);
    TreeSet<String> distinct = new TreeSet<>();
    perSample.forEach(each -> distinct.add(Objects.requireNonNullElse(each, FourierLinear.BASE)));
    boolean own =
        distinct.stream()
            .anyMatch(
                each ->
                    !each.equals(FourierLinear.BASE) && then.adapter(each).saves(tensor.name()));
    if (own && distinct.size() > 1) {
      throw new FourierException(
          "samples name the adapters %s, which do not share '%s'; compute it in a pass for each"
              .formatted(distinct, name));
    }
    Matrix value = then.value(tensor, own ? List.copyOf(distinct) : List.of());
    return value != null ? value : model.named().ofBase(tensor, name, then);
  }

  /**
   * Where the gradient of a head's tensor or of a bias is added to, F32 of the tensor's shape; null
   * if no adapter that computes in this pass trains it.
   */
  public @Nullable Matrix gradient(String tensor) {
    return gradient(model.named().name(tensor, model.state().at(turn.moment)));
  }

  private @Nullable Matrix gradient(TensorName tensor) {
    ModelState then = model.state().at(turn.moment);
    List<@Nullable String> perSample = turn.names;
    List<@Nullable String> computing = perSample == null ? List.copyOf(then.active()) : perSample;
    for (Map.Entry<String, AdapterParameters> entry : model.trained().entrySet()) {
      Matrix gradient = entry.getValue().gradient(tensor);
      if (gradient != null && computing.contains(entry.getKey())) {
        return gradient;
      }
    }
    return null;
  }

  /** Gives the memory back; a second call does nothing. */
  @Override
  public void close() {
    if (elsewhere == null) {
      turn.tapes.values().forEach(Tapes::close);
      turn.tapes.clear();
    }
  }

  /** What a pass and its views share. */
  private static final class Turn {
    /** By the layer's path in the model of today. */
    final Map<String, Tapes> tapes = new HashMap<>();

    LayerGroup.Moment moment;
    @Nullable List<@Nullable String> names;
    int tokensPerSample = 1;

    Turn(LayerGroup.Moment moment) {
      this.moment = moment;
    }
  }

  /** The tapes of one layer, one for each call of it in a pass. */
  private static final class Tapes {
    private final List<LinearTape> all = new ArrayList<>();
    private int used;

    LinearTape next(FourierLinear layer, int capacity) {
      if (used == all.size()) {
        all.add(layer.newTape(capacity));
      }
      return all.get(used);
    }

    void taken() {
      used++;
    }

    LinearTape last() {
      return all.get(used - 1);
    }

    void clear() {
      used = 0;
    }

    void close() {
      all.forEach(LinearTape::close);
      all.clear();
      used = 0;
    }
  }
}
