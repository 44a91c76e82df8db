package io.fourierft.benchmarks.gpu;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.OperatorPath;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Enqueues each kernel of lines a few times at one size, for Nsight Compute to look at: {@code
 * ProfiledRun SIDE TOKENS COEFFICIENTS}.
 */
final class ProfiledRun {
  private static final int ROUNDS = 2;

  private ProfiledRun() {}

  public static void main(String[] arguments) {
    int side = Integer.parseInt(arguments[0]);
    int tokens = Integer.parseInt(arguments[1]);
    Cases.Problem problem = new Cases.Problem(side, side, Integer.parseInt(arguments[2]));
    FourierAdapter adapter = Bench.adapters(problem, 1).getFirst();
    try (CudaFourierEngine engine = Benchmark.open();
        Buffers buffers = new Buffers()) {
      DeviceBuffer delta = zeros(engine, buffers, ElementType.F32, side, side);
      DeviceBuffer weight = zeros(engine, buffers, ElementType.BF16, side, side);
      List<DeviceBuffer> activations = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        activations.add(zeros(engine, buffers, ElementType.F32, tokens, side));
      }
      DeviceBuffer x = activations.get(0);
      DeviceBuffer y = activations.get(1);
      DeviceBuffer g = activations.get(2);
      DeviceBuffer gx = activations.get(3);
      DeviceBuffer gradient = zeros(engine, buffers, ElementType.F32, 1, problem.n());
      AdapterRouting routing = AdapterRouting.all(adapter);
      for (int round = 0; round < ROUNDS; round++) {
        engine.deltaWeights(List.of(adapter), List.of(delta), DensePath.FUSED);
        engine.addDelta(adapter, weight, WeightLayout.OUT_IN, Addition.ADD);
        engine.apply(routing, x, y, OperatorPath.FUSED);
        engine.backward(routing, x, g, gx, List.of(gradient), OperatorPath.FUSED);
      }
      engine.synchronize();
    }
    System.out.println("profiled run: done");
  }

  private static DeviceBuffer zeros(
      CudaFourierEngine engine, Buffers buffers, ElementType type, int rows, int cols) {
    DeviceBuffer buffer = buffers.add(engine.newBuffer(type, rows, cols));
    engine.zero(buffer);
    return buffer;
  }
}
