package io.fourierft.benchmarks.gpu;

import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.HostMatrix;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.DeviceBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Whole ΔW: computed, and merged into weights. */
final class DenseBenchmark {
  private static final double DELTA_TOLERANCE = 1e-6;

  /** A sum in bfloat16 is rounded to 8 bits. */
  private static final double MERGE_TOLERANCE = 4e-3;

  /** What is added to a path's name where cuFFT's callbacks are on. */
  static final String CALLBACKS = "+CALLBACKS";

  private final Bench bench;
  private final String mark;
  private final boolean callbacks;

  /**
   * Measures the bench's engine.
   *
   * @param mark what to add to a path's name: {@link #CALLBACKS} if the engine uses cuFFT's
   *     callbacks, anything else that sets it apart, or nothing
   */
  DenseBenchmark(Bench bench, String mark) {
    this.bench = bench;
    this.mark = mark;
    this.callbacks = mark.equals(CALLBACKS);
  }

  /** The cases of one section of the list. */
  void deltas(String section) {
    for (int batch : bench.cases().numbers(section, "batches")) {
      for (Cases.Problem problem : bench.cases().problems(section)) {
        for (String path : bench.cases().texts(section, "paths")) {
          String name = Cases.delta(problem, batch);
          bench
              .results()
              .run(name, path + mark, () -> delta(problem, batch, DensePath.valueOf(path)));
        }
      }
    }
  }

  private void delta(Cases.Problem problem, int batch, DensePath path) {
    String name = Cases.delta(problem, batch);
    long elements = (long) problem.rows() * problem.cols();
    long outBytes = batch * elements * Float.BYTES;
    int sets = Bench.sets(outBytes);
    if (!bench.fits(sets * outBytes)) {
      bench.results().skip(name, path + mark, "the output alone does not fit the device");
      return;
    }
    List<FourierAdapter> adapters = Bench.adapters(problem, batch);
    try (Buffers buffers = new Buffers()) {
      List<List<DeviceBuffer>> out = new ArrayList<>();
      for (int set = 0; set < sets; set++) {
        List<DeviceBuffer> one = new ArrayList<>();
        for (int i = 0; i < batch; i++) {
          one.add(
              buffers.add(
                  bench.engine().newBuffer(ElementType.F32, problem.rows(), problem.cols())));
        }
        out.add(one);
      }
      DeviceBuffer last = out.getFirst().getLast();
      int row = problem.rows() / 3;
      bench.poison(last.slice(row, 1));
      GpuClock.Timing timing =
          bench
              .clock()
              .time(
                  (on, set) -> on.deltaWeights(adapters, out.get(set), path),
                  sets,
                  bench.cases().seconds());
      bench
          .results()
          .add(
              name,
              path + mark,
              timing,
              outBytes + 12L * batch * problem.n(),
              batch * pathBytes(problem, adapters.getFirst(), path),
              Oracle.deltaRow(adapters.getLast(), row, bench.row(last, row)),
              DELTA_TOLERANCE);
    }
  }

  /**
   * Cleared, transformed along columns and rows, stored if not by the last transform; a scatter is
   * small beside them. With callbacks nothing is cleared, expanded or stored.
   */
  private long pathBytes(Cases.Problem problem, FourierAdapter adapter, DensePath path) {
    long elements = (long) problem.rows() * problem.cols();
    long half = 8L * problem.rows() * (problem.cols() / 2 + 1);
    long output = elements * Float.BYTES;
    long full = 8 * elements;
    return switch (path) {
      case REFERENCE -> full + 4 * full + full + output;
      case FOLDED -> callbacks ? 2 * half + output : half + 2 * half + half + output;
      case PRUNED -> {
        long columns = 8L * problem.rows() * filledColumns(adapter);
        yield callbacks ? 2 * columns + output : 4 * columns + 2 * half + output;
      }
      case FUSED, DIRECT, AUTO -> output;
    };
  }

  private static int filledColumns(FourierAdapter adapter) {
    Set<Integer> columns = new HashSet<>();
    for (int k = 0; k < adapter.nFrequency(); k++) {
      int v = adapter.locations().col(k);
      columns.add(Math.min(v, (adapter.cols() - v) % adapter.cols()));
    }
    return columns.size();
  }

  /**
   * Merges into weights of two bytes.
   *
   * @param fused whether the engine takes the fused kernel by itself; else cuFFT's transforms
   */
  void merges(boolean fused) {
    String variant = fused ? OperatorBenchmark.FUSED : OperatorBenchmark.STAGED;
    for (Cases.Problem problem : bench.cases().problems("merge")) {
      if (fused && problem.n() > 2 * problem.cols()) {
        bench.results().skip(Cases.merge(problem), variant, "so many coefficients go to cuFFT");
      } else {
        bench.results().run(Cases.merge(problem), variant, () -> merge(problem, variant));
      }
    }
  }

  private void merge(Cases.Problem problem, String variant) {
    FourierAdapter adapter = Bench.adapters(problem, 1).getFirst();
    long weightBytes = 2L * problem.rows() * problem.cols();
    int sets = Bench.sets(weightBytes);
    int row = problem.rows() / 3;
    try (Buffers buffers = new Buffers()) {
      List<DeviceBuffer> weights = new ArrayList<>();
      for (int set = 0; set < sets; set++) {
        weights.add(
            buffers.add(bench.random(ElementType.BF16, problem.rows(), problem.cols(), 1 + set)));
      }
      DeviceBuffer zeroed = weights.getFirst();
      bench.engine().zero(zeroed);
      bench.engine().addDelta(adapter, zeroed, WeightLayout.OUT_IN, Addition.ADD);
      HostMatrix merged = bench.row(zeroed, row);
      GpuClock.Timing timing =
          bench
              .clock()
              .time(
                  (on, set) ->
                      on.addDelta(adapter, weights.get(set), WeightLayout.OUT_IN, Addition.ADD),
                  sets,
                  bench.cases().seconds());
      // The kernel that adds reads the last transform's output once more; to read and write a
      // weight of two bytes is as much as to write a delta of four.
      boolean fused = variant.equals(OperatorBenchmark.FUSED);
      long path = 2 * weightBytes + (fused ? 0 : pathBytes(problem, adapter, DensePath.PRUNED));
      bench
          .results()
          .add(
              Cases.merge(problem),
              variant,
              timing,
              2 * weightBytes,
              path,
              Oracle.deltaRow(adapter, row, merged),
              MERGE_TOLERANCE);
    }
  }
}
