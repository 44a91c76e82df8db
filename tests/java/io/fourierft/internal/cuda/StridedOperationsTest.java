package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.AdapterRouting;
import io.fourierft.DensePath;
import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.PlanRounding;
import io.fourierft.SpectralLocations;
import io.fourierft.TokenSpectrum;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.host.LittleEndian;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Every operation gives the same numbers on rows that stand apart, on the host and on the device,
 * as on dense ones, and writes nothing between them.
 */
@OnEmulator
class StridedOperationsTest {
  private static final int ROWS = 22;
  private static final int COLS = 18;
  private static final int TOKENS = 7;
  private static final int N = 25;
  private static final int GAP = 5;
  private static final float BETWEEN = -77;

  private final FourierAdapter adapter =
      FourierAdapter.of(SpectralLocations.of(ROWS, COLS, N, 3), floats(N, 3), 40);
  private final AdapterRouting routing = AdapterRouting.all(adapter);
  private CudaFourierEngine engine;

  @BeforeEach
  void open() {
    EmulatedCuda.require();
    engine = EmulatedCuda.open(0);
  }

  @AfterEach
  void close() {
    engine.close();
    EmulatedCuda.require().assertNothingLeft();
  }

  private static float[] floats(int count, int seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Where the matrices of a run lie. */
  private enum Place {
    DENSE_HOST,
    STRIDED_HOST,
    DENSE_DEVICE,
    STRIDED_DEVICE
  }

  /** Matrices of one place, filled with the same numbers in each. */
  private final class Matrices implements AutoCloseable {
    private final Place place;
    private final List<DeviceBuffer> buffers = new ArrayList<>();
    private final List<HostMatrix> hosts = new ArrayList<>();

    Matrices(Place place) {
      this.place = place;
    }

    Matrix of(int rows, int cols, int seed) {
      int stride = cols + (place.name().startsWith("STRIDED") ? GAP : 0);
      float[] memory = new float[rows * stride];
      Arrays.fill(memory, BETWEEN);
      float[] values = floats(rows * cols, seed);
      for (int row = 0; row < rows; row++) {
        System.arraycopy(values, row * cols, memory, row * stride, cols);
      }
      if (place.name().endsWith("HOST")) {
        HostMatrix host = Matrix.of(memory, 0, rows, cols, stride);
        hosts.add(host);
        return host;
      }
      DeviceBuffer buffer = engine.newBuffer(ElementType.F32, rows, stride);
      buffers.add(buffer);
      engine.upload(Matrix.of(memory, rows, stride), buffer);
      return engine.matrixAt(buffer.pointer(), ElementType.F32, rows, cols, stride);
    }

    float[] read(Matrix matrix) {
      int rows = matrix.rows();
      int cols = matrix.cols();
      float[] values = new float[rows * cols];
      HostMatrix host = Matrix.of(values, rows, cols);
      if (matrix instanceof CudaMatrix device) {
        engine.download(device, host);
      } else if (matrix instanceof HostMatrix there) {
        for (int i = 0; i < values.length; i++) {
          values[i] = there.get(i / cols, i % cols);
        }
      }
      return values;
    }

    /** Fails if anything between the rows was written. */
    void requireGapsIntact() {
      for (HostMatrix host : hosts) {
        requireGapsIntact(host.data().toArray(LittleEndian.FLOAT), (int) host.stride());
      }
      for (DeviceBuffer buffer : buffers) {
        float[] all = new float[buffer.rows() * buffer.cols()];
        engine.download(buffer, Matrix.of(all, buffer.rows(), buffer.cols()));
        requireGapsIntact(all, buffer.cols());
      }
    }

    private void requireGapsIntact(float[] all, int stride) {
      int cols = stride - (place.name().startsWith("STRIDED") ? GAP : 0);
      for (int i = 0; i < all.length; i++) {
        if (i % stride >= cols) {
          assertEquals(BETWEEN, all[i], place + ", element " + i);
        }
      }
    }

    @Override
    public void close() {
      buffers.forEach(DeviceBuffer::close);
    }
  }

  /** Runs an operation in each place; it reports what it wrote. */
  private void sameEverywhere(BiConsumer<Matrices, List<Matrix>> operation) {
    List<float[]> expected = new ArrayList<>();
    for (Place place : Place.values()) {
      try (Matrices matrices = new Matrices(place)) {
        List<Matrix> written = new ArrayList<>();
        operation.accept(matrices, written);
        for (int i = 0; i < written.size(); i++) {
          float[] got = matrices.read(written.get(i));
          if (place == Place.DENSE_HOST) {
            expected.add(got);
          } else {
            PlanRounding.assertSame(expected.get(i), got, place + ", result " + i);
          }
        }
        matrices.requireGapsIntact();
      }
    }
  }

  @Test
  void deltasOnEveryPath() {
    for (DensePath path : DensePath.values()) {
      sameEverywhere(
          (at, written) -> {
            written.add(at.of(ROWS, COLS, 1));
            written.add(at.of(ROWS, COLS, 2));
            engine.deltaWeights(List.of(adapter, adapter), written, path);
          });
    }
  }

  @Test
  void additionsInBothLayouts() {
    for (boolean transposed : new boolean[] {false, true}) {
      sameEverywhere(
          (at, written) -> {
            Matrix added = transposed ? at.of(COLS, ROWS, 1) : at.of(ROWS, COLS, 1);
            Matrix measured = transposed ? at.of(COLS, ROWS, 1) : at.of(ROWS, COLS, 1);
            engine.addDelta(
                adapter,
                added,
                transposed ? WeightLayout.IN_OUT : WeightLayout.OUT_IN,
                FourierEngine.Addition.ADD);
            engine.addDeltaReporting(
                adapter,
                measured,
                transposed ? WeightLayout.IN_OUT : WeightLayout.OUT_IN,
                FourierEngine.Addition.SUBTRACT);
            written.addAll(List.of(added, measured));
          });
    }
  }

  @Test
  void theOperatorItsTransposeAndKeptTransforms() {
    sameEverywhere(
        (at, written) -> {
          Matrix x = at.of(TOKENS, COLS, 1);
          Matrix g = at.of(TOKENS, ROWS, 2);
          Matrix y = at.of(TOKENS, ROWS, 3);
          Matrix gx = at.of(TOKENS, COLS, 4);
          Matrix keptY = at.of(TOKENS, ROWS, 3);
          engine.apply(routing, x, y);
          engine.applyTransposed(routing, g, gx);
          try (TokenSpectrum kept = engine.newTokenSpectrum(TOKENS, COLS)) {
            engine.transform(x, kept);
            engine.apply(routing, kept, keptY);
          }
          written.addAll(List.of(y, gx, keptY));
        });
  }

  @Test
  void gradientsFromActivationsFromTransformsAndFromADelta() {
    sameEverywhere(
        (at, written) -> {
          Matrix x = at.of(TOKENS, COLS, 1);
          Matrix g = at.of(TOKENS, ROWS, 2);
          Matrix gradient = at.of(1, N, 3);
          Matrix keptGradient = at.of(1, N, 3);
          Matrix fromDelta = at.of(1, N, 3);
          engine.spectrumGradient(routing, x, g, List.of(gradient));
          try (TokenSpectrum keptX = engine.newTokenSpectrum(TOKENS, COLS);
              TokenSpectrum keptG = engine.newTokenSpectrum(TOKENS, ROWS)) {
            engine.transform(x, keptX);
            engine.transform(g, keptG);
            engine.spectrumGradient(routing, keptX, keptG, List.of(keptGradient));
          }
          engine.spectrumGradientFromDelta(adapter, at.of(ROWS, COLS, 4), fromDelta);
          written.addAll(List.of(gradient, keptGradient, fromDelta));
        });
  }
}
