package io.fourierft.internal.cuda;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.DeviceMatrix;
import io.fourierft.DeviceOperations;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.OperatorPath;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.DeviceBuffer;
import java.util.List;
import java.util.Random;

/** What {@link CudaFaultNetTest} makes fail: every operation of an engine, on small numbers. */
final class FaultNetOperations {
  static final int ROWS = 6;

  static final int COLS = 10;

  static final int TOKENS = 5;

  static final int N = 9;

  static final List<FourierAdapter> ADAPTERS = List.of(adapter(1), adapter(2));

  static final AdapterRouting ROUTING =
      AdapterRouting.perToken(ADAPTERS, new int[] {0, 1, -1, 1, 0});
  static final HostMatrix X = Matrix.of(numbers(3, TOKENS * COLS), TOKENS, COLS);

  static final HostMatrix G = Matrix.of(numbers(4, TOKENS * ROWS), TOKENS, ROWS);

  static final HostMatrix H = Matrix.of(numbers(5, ROWS * COLS), ROWS, COLS);

  private static FourierAdapter adapter(int seed) {
    return FourierAdapter.of(SpectralLocations.of(ROWS, COLS, N, seed), numbers(seed, N), 60);
  }

  static float[] numbers(int seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** What is done, on outputs that hold some numbers before. */
  enum Operation {
    REFERENCE(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        delta(on, out, DensePath.REFERENCE);
      }
    },
    FOLDED(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        delta(on, out, DensePath.FOLDED);
      }
    },
    PRUNED(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        delta(on, out, DensePath.PRUNED);
      }
    },
    DIRECT(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        delta(on, out, DensePath.DIRECT);
      }
    },
    ADD(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.addDelta(ADAPTERS.get(0), out.matrix(ROWS, COLS), WeightLayout.OUT_IN, Addition.ADD);
      }
    },
    ADD_AND_REPORT(ROWS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.addDeltaReporting(
            ADAPTERS.get(0), out.matrix(COLS, ROWS), WeightLayout.IN_OUT, Addition.SUBTRACT);
      }
    },
    APPLY(TOKENS * ROWS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.apply(ROUTING, X, out.matrix(TOKENS, ROWS));
      }
    },
    APPLY_STAGED(TOKENS * ROWS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.apply(ROUTING, X, out.matrix(TOKENS, ROWS), OperatorPath.STAGED);
      }
    },
    APPLY_TRANSPOSED(TOKENS * COLS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.applyTransposed(ROUTING, G, out.matrix(TOKENS, COLS));
      }
    },
    APPLY_KEPT(TOKENS * ROWS) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        try (TokenSpectrum kept = on.newTokenSpectrum(TOKENS, COLS)) {
          on.transform(X, kept);
          on.apply(ROUTING, kept, out.matrix(TOKENS, ROWS));
          on.synchronize();
        }
      }
    },
    GRADIENT(2 * N) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.spectrumGradient(ROUTING, X, G, List.of(out.part(0, N), out.part(N, N)));
      }
    },
    BACKWARD(TOKENS * COLS + 2 * N) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        backward(on, out, OperatorPath.FUSED);
      }
    },
    BACKWARD_STAGED(TOKENS * COLS + 2 * N) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        backward(on, out, OperatorPath.STAGED);
      }
    },
    DENSE_GRADIENT(N) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        on.spectrumGradientFromDelta(ADAPTERS.get(0), H, out.matrix(1, N));
      }
    },
    PRODUCT(TOKENS * ROWS, true) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        DeviceOperations device = on.deviceOperations();
        try (DeviceMatrix.Owned x = device.copyOf(X);
            DeviceMatrix.Owned weight = device.copyOf(H);
            DeviceMatrix.Owned bias = device.copyOf(G.slice(0, 1))) {
          Matrix y = out.matrix(TOKENS, ROWS);
          device.multiply(x, weight, WeightLayout.OUT_IN, bias, y);
          on.synchronize();
        }
      }
    },
    PRODUCT_TRANSPOSED(TOKENS * COLS, false) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        DeviceOperations device = on.deviceOperations();
        try (DeviceMatrix.Owned g = device.copyOf(G);
            DeviceMatrix.Owned weight = device.copyOf(H)) {
          Matrix gx = out.matrix(TOKENS, COLS);
          device.multiplyTransposed(g, weight, WeightLayout.OUT_IN, gx, true);
          on.synchronize();
        }
      }
    },
    TOKEN_SUM(ROWS, false) {
      @Override
      void run(CudaFourierEngine on, Output out) {
        DeviceOperations device = on.deviceOperations();
        try (DeviceMatrix.Owned g = device.copyOf(G)) {
          device.addTokenSum(g, out.matrix(1, ROWS));
          on.synchronize();
        }
      }
    };

    final int elements;

    /** Whether its output may lie on the host. */
    final boolean takesHost;

    /** Whether a failure may leave an output, which is not added to, with anything in it. */
    final boolean overwrites;

    Operation(int elements) {
      this.elements = elements;
      this.takesHost = true;
      this.overwrites = false;
    }

    /** On the device alone. */
    Operation(int elements, boolean overwrites) {
      this.elements = elements;
      this.takesHost = false;
      this.overwrites = overwrites;
    }

    abstract void run(CudaFourierEngine on, Output out);

    private static void delta(CudaFourierEngine on, Output out, DensePath path) {
      on.deltaWeights(List.of(ADAPTERS.get(0)), List.of(out.matrix(ROWS, COLS)), path);
    }

    /** To gx, and behind it the two gradients. */
    private static void backward(CudaFourierEngine on, Output out, OperatorPath path) {
      int gx = TOKENS * COLS;
      List<Matrix> gradients = List.of(out.part(gx, N), out.part(gx + N, N));
      on.backward(ROUTING, X, G, out.part(0, TOKENS, COLS), gradients, path);
    }
  }

  /** Where an operation writes: on the host, or on the device. */
  record Output(CudaFourierEngine engine, float[] host, DeviceBuffer device) {
    Matrix matrix(int rows, int cols) {
      return device == null ? Matrix.of(host, rows, cols) : view(0, rows, cols);
    }

    Matrix part(int first, int count) {
      return part(first, 1, count);
    }

    Matrix part(int first, int rows, int cols) {
      return device == null ? Matrix.of(host, first, rows, cols, cols) : view(first, rows, cols);
    }

    private Matrix view(int first, int rows, int cols) {
      return engine.matrixAt(device.pointer() + 4L * first, ElementType.F32, rows, cols, cols);
    }
  }

  private FaultNetOperations() {}
}
