package io.fourierft.benchmarks;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.fourierft.SpectralLocations;
import io.fourierft.benchmarks.Contestant.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * libtorch in this JVM through DJL, doing what PEFT does ({@code
 * src/peft/tuners/fourierft/layer.py}): {@code get_delta_weight} is zeros, index_put, ifft2, the
 * real part times the scaling; {@code forward} multiplies with it.
 */
final class LibTorch implements AutoCloseable {
  static final String NAME = "libtorch";
  private final NDManager manager;

  private LibTorch(NDManager manager) {
    this.manager = manager;
  }

  /**
   * Loads libtorch.
   *
   * @throws EngineException if it cannot be had
   */
  static LibTorch open(int threads) {
    LibTorch opened = new LibTorch(Engine.getEngine("PyTorch").newBaseManager());
    opened.setThreads(threads);
    return opened;
  }

  void setThreads(int threads) {
    JniUtils.setNumThreads(threads);
  }

  String description() {
    return "libtorch "
        + Engine.getEngine("PyTorch").getVersion()
        + " through DJL, "
        + JniUtils.getNumThreads()
        + " threads";
  }

  /** ΔW. */
  Contestant delta(Workload workload) {
    NDManager owned = manager.newSubManager();
    Delta delta = new Delta(owned, workload);
    return new TorchContestant(NAME, owned, m -> new NDList(delta.weight(m, delta.spectrum)));
  }

  /** {@code y = x·ΔWᵀ} with ΔW built in the call, as PEFT's forward. */
  Contestant adapterForward(Workload workload) {
    NDManager owned = manager.newSubManager();
    Delta delta = new Delta(owned, workload);
    NDArray x = array(owned, workload.activations(), workload.tokens(), workload.cols());
    return new TorchContestant(
        NAME, owned, m -> new NDList(x.matMul(delta.weight(m, delta.spectrum).transpose())));
  }

  /** The same and torch's own gradients of x and of the spectrum. */
  Contestant adapterForwardBackward(Workload workload) {
    NDManager owned = manager.newSubManager();
    Delta delta = new Delta(owned, workload);
    NDArray x = array(owned, workload.activations(), workload.tokens(), workload.cols());
    NDArray g = array(owned, workload.upstream(), workload.tokens(), workload.rows());
    return new TorchContestant(
        NAME,
        owned,
        m ->
            gradients(
                leaves -> leaves.get(0).matMul(delta.weight(m, leaves.get(1)).transpose()),
                g,
                x,
                delta.spectrum));
  }

  /** The base layer alone, {@code y = x·Wᵀ}. */
  Contestant base(Workload workload) {
    NDManager owned = manager.newSubManager();
    NDArray x = array(owned, workload.activations(), workload.tokens(), workload.cols());
    NDArray weight = array(owned, workload.weight(), workload.rows(), workload.cols());
    return new TorchContestant(NAME, owned, m -> new NDList(x.matMul(weight.transpose())));
  }

  /** A LoRA adapter alone: {@code y = scaling·(x·Aᵀ)·Bᵀ}. */
  Contestant loraForward(Workload workload, int rank) {
    Lora lora = new Lora(manager.newSubManager(), workload, rank);
    return new TorchContestant(
        "libtorch LoRA " + rank,
        lora.owned,
        m -> {
          var unused = Lora.output(List.of(lora.x, lora.a, lora.b));
          return new NDList();
        });
  }

  /** The same and torch's gradients of x, A and B. */
  Contestant loraForwardBackward(Workload workload, int rank) {
    Lora lora = new Lora(manager.newSubManager(), workload, rank);
    return new TorchContestant(
        "libtorch LoRA " + rank,
        lora.owned,
        m -> {
          var unused = gradients(Lora::output, lora.g, lora.x, lora.a, lora.b);
          return new NDList();
        });
  }

  /** The first n of a seeded randperm. */
  Contestant newAdapter(Workload workload) {
    NDManager owned = manager.newSubManager();
    long elements = (long) workload.rows() * workload.cols();
    return new TorchContestant(
        NAME,
        owned,
        m -> {
          Engine.getEngine("PyTorch").setRandomSeed((int) Workload.SEED);
          NDArray first = m.randomPermutation(elements).get(new NDIndex(":" + workload.n()));
          return new NDList(first.toType(ai.djl.ndarray.types.DataType.FLOAT32, true));
        });
  }

  @Override
  public void close() {
    manager.close();
  }

  private static NDArray array(NDManager owner, float[] values, int rows, int cols) {
    return owner.create(values, new Shape(rows, cols));
  }

  /** Runs forward and backward on fresh leaves, and returns their gradients. */
  private static NDList gradients(
      Function<List<NDArray>, NDArray> forward, NDArray g, NDArray... inputs) {
    try (var collector = Engine.getEngine("PyTorch").newGradientCollector()) {
      List<NDArray> leaves = new ArrayList<>();
      for (NDArray input : inputs) {
        // A detached tensor shares the memory and starts without a gradient.
        NDArray leaf = input.stopGradient();
        leaf.setRequiresGradient(true);
        leaves.add(leaf);
      }
      JniUtils.backward((PtNDArray) forward.apply(leaves), (PtNDArray) g, false, false);
      NDList gradients = new NDList();
      leaves.forEach(leaf -> gradients.add(leaf.getGradient()));
      return gradients;
    }
  }

  /** One adapter's tensors. */
  private static final class Delta {
    private final Workload workload;
    private final NDArray spectrum;
    private final NDIndex places;

    Delta(NDManager owned, Workload workload) {
      this.workload = workload;
      this.spectrum = owned.create(workload.spectrum());
      SpectralLocations locations = workload.adapter().locations();
      long[] u = new long[workload.n()];
      long[] v = new long[workload.n()];
      for (int k = 0; k < u.length; k++) {
        u[k] = locations.row(k);
        v[k] = locations.col(k);
      }
      this.places = new NDIndex("{}, {}", owned.create(u), owned.create(v));
    }

    NDArray weight(NDManager m, NDArray coefficients) {
      NDArray dense = m.zeros(new Shape(workload.rows(), workload.cols()));
      dense.set(places, coefficients);
      // DJL's real() is torch's view_as_real: the real part stands at the last index 0.
      return dense
          .ifft2(new long[] {workload.rows(), workload.cols()}, new long[] {0, 1})
          .real()
          .get(new NDIndex("..., 0"))
          .mul(Workload.SCALING);
    }
  }

  private static final class Lora {
    private final NDManager owned;
    private final NDArray x;
    private final NDArray g;
    private final NDArray a;
    private final NDArray b;

    Lora(NDManager owned, Workload workload, int rank) {
      this.owned = owned;
      this.x = array(owned, workload.activations(), workload.tokens(), workload.cols());
      this.g = array(owned, workload.upstream(), workload.tokens(), workload.rows());
      this.a = owned.randomNormal(new Shape(rank, workload.cols()));
      this.b = owned.randomNormal(new Shape(workload.rows(), rank));
    }

    static NDArray output(List<NDArray> leaves) {
      NDArray down = leaves.get(0).matMul(leaves.get(1).transpose());
      return down.matMul(leaves.get(2).transpose()).mul(2);
    }
  }

  /** Work whose tensors are freed after every call, and its inputs at the end. */
  private record TorchContestant(String name, NDManager owned, Function<NDManager, NDList> work)
      implements Contestant {
    @Override
    public Role role() {
      return Role.PEER;
    }

    @Override
    public double sampleNanos(int repetitions) {
      return Contestant.nanosOfOne(
          repetitions,
          () -> {
            try (NDScope call = new NDScope()) {
              call.suppressNotUsedWarning();
              var unused = work.apply(owned);
            }
          });
    }

    @Override
    public List<float[]> output() {
      try (NDScope call = new NDScope()) {
        call.suppressNotUsedWarning();
        List<float[]> parts = new ArrayList<>();
        for (NDArray result : work.apply(owned)) {
          SampledPlaces places = SampledPlaces.of(result.size());
          parts.add(result.reshape(-1).get(new NDIndex("::" + places.stride())).toFloatArray());
        }
        return parts;
      }
    }

    @Override
    public void close() {
      owned.close();
    }
  }
}
