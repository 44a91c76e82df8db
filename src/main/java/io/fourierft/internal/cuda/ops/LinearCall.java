package io.fourierft.internal.cuda.ops;

import io.fourierft.ElementType;
import io.fourierft.internal.cuda.ffm.GemmLayout;
import io.fourierft.internal.cuda.ffm.GemmLayout.Operand;
import io.fourierft.internal.cuda.kernels.Kernel;
import io.fourierft.internal.cuda.memory.DeviceView;
import io.fourierft.internal.cuda.memory.TableContents;
import io.fourierft.internal.cuda.stream.WorkStream;
import io.fourierft.internal.cuda.struct.ElementCode;
import io.fourierft.internal.cuda.struct.StructTable;
import io.fourierft.internal.cuda.struct.TargetStruct;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Products of tokens with a dense weight, by cuBLAS. That is column-major: to it a matrix of rows
 * is its transpose, so {@code y = x Wᵀ} is the product of what it takes for W and x. A vector is
 * laid over all tokens, or summed over them, by a product with ones.
 */
public final class LinearCall {
  private static final int LEAST_ONES = 64;

  private final SharedResources shared;
  private final Map<Ones, TableContents> ones = new ConcurrentHashMap<>();

  LinearCall(SharedResources shared) {
    this.shared = shared;
  }

  /**
   * {@code y = round(x Wᵀ + b)}; everything was checked.
   *
   * @param inOut whether W is stored as {@code [in, out]}
   */
  public void forward(
      WorkStream stream,
      DeviceView x,
      DeviceView weight,
      boolean inOut,
      @Nullable DeviceView bias,
      DeviceView y) {
    // A bias that y cannot hold exactly is added to float32 sums, which are rounded afterwards.
    boolean wide = bias != null && bias.elementType() != y.elementType();
    long sumBytes = wide ? (long) y.cols() * Float.BYTES : 0;
    chunked(stream, x, y, sumBytes)
        .run(
            x.rows(),
            (first, count) -> {
              stream.blas().prepare();
              long one = bias == null ? 0 : ones(stream, bias.elementType(), count);
              long sums = wide ? stream.scratch(count * sumBytes) : 0;
              long table = wide ? target(stream, y, first) : 0;
              Operand output =
                  wide ? new Operand(sums, GemmLayout.R_32F, y.cols()) : rows(y, first);
              stream.beginOutput();
              if (bias != null) {
                int type = type(bias.elementType());
                Operand vector = new Operand(bias.pointer(), type, y.cols());
                multiply(
                    stream,
                    false,
                    y.cols(),
                    count,
                    1,
                    vector,
                    new Operand(one, type, 1),
                    output,
                    false);
              }
              multiply(
                  stream,
                  !inOut,
                  y.cols(),
                  count,
                  x.cols(),
                  rows(weight, 0),
                  rows(x, first),
                  output,
                  bias != null);
              if (wide) {
                stream.launch(
                    Kernel.STORE_DELTA,
                    count * Kernel.groups(y.cols(), Kernel.SEGMENT),
                    stream
                        .arguments()
                        .add(table)
                        .add(1L)
                        .add((long) count)
                        .add((long) y.cols())
                        .add(sums)
                        .add(1L)
                        .add((long) y.cols())
                        .add(0L));
              }
            });
  }

  /**
   * {@code gx = round(g W)}, or {@code gx = round(gx + round(g W))} if {@code adds}; everything was
   * checked.
   */
  public void backward(
      WorkStream stream,
      DeviceView g,
      DeviceView weight,
      boolean inOut,
      DeviceView gx,
      boolean adds) {
    boolean twice = adds && gx.elementType() != ElementType.F32;
    long sumBytes = twice ? (long) gx.cols() * Float.BYTES : 0;
    chunked(stream, g, gx, sumBytes)
        .run(
            g.rows(),
            (first, count) -> {
              stream.blas().prepare();
              long sums = twice ? stream.scratch(count * sumBytes) : 0;
              long table = twice ? target(stream, gx, first) : 0;
              Operand output =
                  twice ? new Operand(sums, GemmLayout.R_32F, gx.cols()) : rows(gx, first);
              stream.beginOutput();
              multiply(
                  stream,
                  inOut,
                  gx.cols(),
                  count,
                  g.cols(),
                  rows(weight, 0),
                  rows(g, first),
                  output,
                  adds && !twice);
              if (twice) {
                long tiles =
                    Kernel.groups(count, Kernel.TILE) * Kernel.groups(gx.cols(), Kernel.TILE);
                stream.launch(
                    Kernel.ADD_DELTA,
                    tiles,
                    stream
                        .arguments()
                        .add(table)
                        .add(1L)
                        .add((long) count)
                        .add((long) gx.cols())
                        .add(sums)
                        .add(1L)
                        .add((long) gx.cols())
                        .add(0L)
                        .add(1f)
                        .add(0L));
              }
            });
  }

  /** {@code sum += Σ_t g[t]}; everything was checked. */
  public void addTokenSum(WorkStream stream, DeviceView g, DeviceView sum) {
    if (g.rows() == 0) {
      return;
    }
    chunked(stream, g, sum, 0)
        .run(
            1,
            (_, _) -> {
              stream.blas().prepare();
              int type = type(g.elementType());
              Operand one = new Operand(ones(stream, g.elementType(), g.rows()), type, g.rows());
              stream.beginOutput();
              multiply(
                  stream,
                  false,
                  g.cols(),
                  1,
                  g.rows(),
                  rows(g, 0),
                  one,
                  new Operand(sum.pointer(), GemmLayout.R_32F, g.cols()),
                  true);
            });
  }

  private ChunkedCall chunked(WorkStream stream, DeviceView in, DeviceView out, long bytes) {
    return new ChunkedCall(
        shared,
        stream,
        bytes,
        () -> "multiplying tokens of %d features to %d".formatted(in.cols(), out.cols()));
  }

  private static void multiply(
      WorkStream stream,
      boolean transposesA,
      int m,
      int n,
      int k,
      Operand a,
      Operand b,
      Operand c,
      boolean adds) {
    stream.blas().multiply(new GemmLayout(transposesA, m, n, k, a, b, c, adds));
  }

  /** A matrix from row {@code first} on. */
  private static Operand rows(DeviceView matrix, int first) {
    long offset = first * matrix.stride() * matrix.elementType().sizeInBytes();
    return new Operand(
        matrix.pointer() + offset, type(matrix.elementType()), Math.toIntExact(matrix.stride()));
  }

  /** Device address of what kernels are told of a matrix from row {@code first} on. */
  private static long target(WorkStream stream, DeviceView matrix, int first) {
    int code = ElementCode.of(matrix.elementType());
    long pointer = rows(matrix, first).pointer();
    return stream.table(
        StructTable.of(new TargetStruct(pointer, matrix.stride(), code, code, 1f, 0)));
  }

  /** Device address of at least {@code count} ones. */
  private long ones(WorkStream stream, ElementType type, int count) {
    int rounded =
        (int) Math.min(Math.max(LEAST_ONES, Long.highestOneBit(2L * count - 1)), 1L << 30);
    return stream.table(
        ones.computeIfAbsent(new Ones(type, Math.max(rounded, count)), Ones::contents));
  }

  private static int type(ElementType type) {
    return switch (type) {
      case F32 -> GemmLayout.R_32F;
      case F16 -> GemmLayout.R_16F;
      case BF16 -> GemmLayout.R_16BF;
      case F64 -> throw new IllegalStateException("F64 was not refused");
    };
  }

  /** A vector of ones. */
  private record Ones(ElementType type, int count) {
    TableContents contents() {
      ByteBuffer bytes =
          ByteBuffer.allocate(count * type.sizeInBytes()).order(ByteOrder.LITTLE_ENDIAN);
      while (bytes.hasRemaining()) {
        if (type == ElementType.F32) {
          bytes.putFloat(1);
        } else {
          bytes.putShort(
              type == ElementType.F16 ? Float.floatToFloat16(1) : ElementType.floatToBfloat16(1));
        }
      }
      return new TableContents(bytes.array());
    }
  }
}
