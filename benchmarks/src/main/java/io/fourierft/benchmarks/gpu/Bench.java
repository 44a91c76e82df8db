package io.fourierft.benchmarks.gpu;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.DeviceBuffer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * What every group of the benchmark works with.
 *
 * @param engine the engine under test
 * @param clock its clock
 * @param cases what to measure
 * @param results where measurements go
 */
record Bench(CudaFourierEngine engine, GpuClock clock, Cases cases, Results results) {
  /** As PEFT's default. */
  static final float SCALING = 150;

  /** Beyond this no cache holds what is written before it is written again. */
  private static final long CACHE_BYTES = 256L << 20;

  private static final int MOST_SETS = 16;

  /** Memory that the engine's scratch and cuFFT's work area may take beside the buffers. */
  private static final long RESERVE_BYTES = 10L << 30;

  /** Adapters with places of their own each. */
  static List<FourierAdapter> adapters(Cases.Problem problem, int count) {
    List<FourierAdapter> adapters = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      adapters.add(
          FourierAdapter.of(
              SpectralLocations.of(problem.rows(), problem.cols(), problem.n(), 777 + i),
              floats(problem.n(), i),
              SCALING));
    }
    return adapters;
  }

  /** Normal numbers. */
  static float[] floats(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** How many sets of buffers to go round in. */
  static int sets(long bytesOfOne) {
    return Math.clamp(CACHE_BYTES / Math.max(bytesOfOne, 1), 1, MOST_SETS);
  }

  /** Whether so much fits beside the engine's own memory. */
  boolean fits(long bytes) {
    long free = engine.memory().freeBytes();
    return bytes < free - Math.min(RESERVE_BYTES, free / 4);
  }

  /** Random contents; the rows after the first few repeat them, which no kernel can tell. */
  DeviceBuffer random(ElementType type, int rows, int cols, long seed) {
    int distinct = Math.min(rows, 64);
    float[] values = floats(distinct * cols, seed);
    HostMatrix host = host(type, distinct, cols);
    for (int i = 0; i < values.length; i++) {
      host.set(i / cols, i % cols, values[i]);
    }
    DeviceBuffer buffer = engine.newBuffer(type, rows, cols);
    for (int first = 0; first < rows; first += distinct) {
      int count = Math.min(distinct, rows - first);
      engine.upload(firstRows(host, count), buffer.slice(first, count));
    }
    return buffer;
  }

  /** Zeros on the host. */
  static HostMatrix host(ElementType type, int rows, int cols) {
    return Matrix.of(
        MemorySegment.ofArray(new byte[Math.multiplyExact(rows * cols, type.sizeInBytes())]),
        type,
        rows,
        cols);
  }

  private static HostMatrix firstRows(HostMatrix matrix, int rows) {
    return Matrix.of(matrix.data(), matrix.elementType(), rows, matrix.cols());
  }

  /** One row, read back. */
  HostMatrix row(CudaMatrix matrix, int row) {
    HostMatrix host = host(matrix.elementType(), 1, matrix.cols());
    engine.download(matrix.slice(row, 1), host);
    return host;
  }

  /** Fills with NaN, so that an element that is not written is found. */
  void poison(CudaMatrix matrix) {
    HostMatrix nan = host(matrix.elementType(), 1, matrix.cols());
    for (int q = 0; q < matrix.cols(); q++) {
      nan.set(0, q, Float.NaN);
    }
    for (int row = 0; row < matrix.rows(); row++) {
      engine.upload(nan, matrix.slice(row, 1));
    }
  }
}
