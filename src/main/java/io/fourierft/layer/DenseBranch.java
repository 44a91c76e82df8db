package io.fourierft.layer;

import io.fourierft.AdapterRouting;
import io.fourierft.DenseProduct;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.internal.host.IdleStack;
import io.fourierft.internal.host.ScratchArray;
import io.fourierft.internal.host.ScratchArrays;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The adapters' part of a pass in host memory, by products with ΔW. Thread-safe. */
final class DenseBranch {
  private final FourierEngine engine;
  private final DenseProduct product;
  private final ScratchArrays scratch;
  private final @Nullable DeltaCache cache;
  private final IdleStack<Building> buildings = new IdleStack<>(Building::new);

  DenseBranch(
      FourierEngine engine,
      DenseProduct product,
      ScratchArrays scratch,
      @Nullable DeltaCache cache) {
    this.engine = engine;
    this.product = product;
    this.scratch = scratch;
    this.cache = cache;
  }

  /** Whether the ΔW of an adapter is kept from pass to pass. */
  boolean keeps(FourierAdapter adapter) {
    return cache != null && cache.admits(adapter);
  }

  /**
   * Adds ΔW x, or ΔWᵀ g, to an F32 output.
   *
   * @param mayCache whether what is built may be kept for later passes
   */
  void add(
      AdapterRouting routing, HostMatrix in, HostMatrix out, boolean transposed, boolean mayCache) {
    List<FourierAdapter> adapters = routing.adapters();
    for (int i = 0; i < adapters.size(); i++) {
      FourierAdapter adapter = adapters.get(i);
      HostMatrix cached = mayCache && cache != null ? cache.get(adapter) : null;
      if (cached != null) {
        multiply(routing, i, in, cached, out, transposed);
      } else if (mayCache && cache != null && cache.admits(adapter)) {
        HostMatrix delta = engine.deltaWeight(adapter);
        cache.put(adapter, delta);
        multiply(routing, i, in, delta, out, transposed);
      } else {
        ScratchArray memory = scratch.take(adapter.rows(), adapter.cols());
        HostMatrix delta = memory.matrix(adapter.rows(), adapter.cols());
        build(adapter, delta);
        multiply(routing, i, in, delta, out, transposed);
        scratch.give(memory);
      }
    }
  }

  private void build(FourierAdapter adapter, HostMatrix delta) {
    Building building = buildings.take();
    building.run(engine, adapter, delta);
    buildings.give(building);
  }

  /** Multiplies the tokens of adapter {@code index}, a run of neighbours at a time. */
  private void multiply(
      AdapterRouting routing,
      int index,
      HostMatrix in,
      HostMatrix delta,
      HostMatrix out,
      boolean transposed) {
    int from = 0;
    while (from < in.rows()) {
      int to = from;
      if (routing.isPerToken()) {
        while (to < in.rows() && routing.choice(to) == index) {
          to++;
        }
      } else {
        to = in.rows();
      }
      if (to > from) {
        HostMatrix inRun = in.slice(from, to - from);
        HostMatrix outRun = out.slice(from, to - from);
        if (transposed) {
          product.addTimes(inRun, delta, outRun);
        } else {
          product.addTimesTransposed(inRun, delta, outRun);
        }
      }
      from = Math.max(to, from + 1);
    }
  }

  /** A call that builds one ΔW; reusable. */
  private static final class Building {
    private final List<FourierAdapter> adapters = new ArrayList<>(1);
    private final List<HostMatrix> deltas = new ArrayList<>(1);

    void run(FourierEngine engine, FourierAdapter adapter, HostMatrix delta) {
      adapters.add(adapter);
      deltas.add(delta);
      engine.deltaWeights(adapters, deltas);
      adapters.clear();
      deltas.clear();
    }
  }
}
