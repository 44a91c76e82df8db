package io.fourierft.merge;

import static java.util.Objects.requireNonNull;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine.Addition;
import io.fourierft.FourierException;
import io.fourierft.WeightLayout;
import io.fourierft.peft.WeightSlice;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Reads changed tensors of an output back from disk and recomputes some of their elements in
 * float64 from the definition, by no code that the merge itself uses: {@code ΔW[r,c] = scaling /
 * (out·in) · Σ_k s_k cos(2π(u_k r / out + v_k c / in))}.
 *
 * <p>A difference is counted in units of the format, the distance between two numbers of it there.
 * Half a unit is what rounding the sum costs. ΔW itself is float32 in PEFT and here, so F32 and F64
 * weights are counted in units of F32.
 */
final class MergeCheck {
  /** Elements of each tensor. */
  static final int SAMPLES = 256;

  /** What the FFT in float32 may cost, in units; PEFT's own differs from the definition so. */
  private static final double SLACK_F32 = 16;

  private static final double SLACK_HALF = 0.1;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;

  private final Addition addition;
  private int tensors;
  private long elements;
  private double worst;
  private String worstTensor = "";

  MergeCheck(Addition addition) {
    this.addition = addition;
  }

  /** What was found so far. */
  MergeResult.Check result() {
    return new MergeResult.Check(tensors, elements, worst, worstTensor);
  }

  /**
   * Checks one tensor; does nothing if the merge did nothing to it.
   *
   * @throws FourierException if an element differs by more than rounding explains
   */
  void check(OutputTensor tensor, SafetensorsCheckpoint output) throws IOException {
    if (tensor.deltas().isEmpty() && tensor.replacement() == null && tensor.parts().isEmpty()) {
      return;
    }
    SafetensorsCheckpoint.Location written = output.find(tensor.name()).orElseThrow();
    ElementType type = tensor.declaration().dtype().elementType().orElse(null);
    if (type == null || tensor.declaration().elementCount() == 0) {
      return;
    }
    withStart(
        tensor,
        (start, startType) -> {
          written
              .shard()
              .file()
              .<Boolean, RuntimeException>read(
                  tensor.name(),
                  found -> {
                    compare(tensor, new Start(start, startType, null), found, type);
                    return true;
                  });
        });
    for (OutputTensor.Part part : tensor.parts()) {
      ElementType startType = part.tensor().dtype().elementType().orElseThrow();
      part.tensor()
          .data()
          .lend(
              start ->
                  written
                      .shard()
                      .file()
                      .<Boolean, RuntimeException>read(
                          tensor.name(),
                          found -> {
                            compare(tensor, new Start(start, startType, part.slice()), found, type);
                            return true;
                          }));
    }
    tensors++;
  }

  private interface Use {
    void take(MemorySegment bytes, ElementType type) throws IOException;
  }

  /** Lends what the tensor was before anything was added. */
  private static void withStart(OutputTensor tensor, Use use) throws IOException {
    OutputTensor.Replacement replacement = tensor.replacement();
    if (replacement != null) {
      ElementType type = replacement.tensor().dtype().elementType().orElseThrow();
      replacement.tensor().data().lend(bytes -> use.take(bytes, type));
      return;
    }
    SafetensorsCheckpoint.Location base = requireNonNull(tensor.base());
    ElementType type = base.tensor().dtype().elementType().orElseThrow();
    base.shard()
        .file()
        .<Boolean, IOException>read(
            base.tensor().name(),
            bytes -> {
              use.take(bytes, type);
              return true;
            });
  }

  private void compare(OutputTensor tensor, Start start, MemorySegment found, ElementType type) {
    List<Long> shape = tensor.declaration().shape();
    long rows = shape.isEmpty() ? 1 : shape.getFirst();
    int cols = Math.toIntExact(tensor.declaration().elementCount() / rows);
    SplittableRandom random = new SplittableRandom(tensor.name().hashCode());
    for (int i = 0; i < SAMPLES; i++) {
      long row = random.nextLong(rows);
      if (start.slice() != null) {
        row = randomRow(start.slice(), random);
      } else if (!tensor.deltas().isEmpty()) {
        row = randomRow(tensor.deltas().get(i % tensor.deltas().size()).slice(), random);
      }
      int col = random.nextInt(cols);
      if (start.slice() == null && isBrought(tensor, row)) {
        continue;
      }
      long at = row * cols + col;
      double before = rounded(start.element(row, col, cols), type);
      Expected expected = expected(tensor, row, col, before, type);
      double got = element(found, type, at);
      double units = units(expected, got, type);
      elements++;
      if (units > worst || worstTensor.isEmpty()) {
        worst = units;
        worstTensor = tensor.name();
      }
      if (!(units <= expected.allowed())) {
        throw new FourierException(
            ("the check failed: element %d of '%s' is %s, but by the definition it is %s, %.3g"
                    + " units of %s away; nothing was written. Please report it, with the output of"
                    + " fourierft doctor")
                .formatted(at, tensor.name(), got, expected.value(), units, type));
      }
    }
  }

  private static long randomRow(WeightSlice slice, SplittableRandom random) {
    return slice.storedRow(slice.layerRow() + random.nextLong(slice.rows()));
  }

  private static boolean isBrought(OutputTensor tensor, long row) {
    return tensor.parts().stream().anyMatch(part -> part.slice().layerRowAt(row) >= 0);
  }

  private static double units(Expected expected, double got, ElementType type) {
    if (Double.compare(expected.value(), got) == 0
        || (Double.isNaN(expected.value()) && Double.isNaN(got))) {
      return 0;
    }
    if (!Double.isFinite(expected.value()) || !Double.isFinite(got)) {
      return rounded(expected.value(), type) == got ? 0 : Double.POSITIVE_INFINITY;
    }
    return Math.abs(expected.value() - got) / unit(expected.scale(), type);
  }

  /** What the element is: rounded after every addition but the last. */
  private Expected expected(
      OutputTensor tensor, long row, int col, double before, ElementType type) {
    double value = before;
    double scale = Math.abs(before);
    int additions = 0;
    double steps = 0;
    for (OutputTensor.Delta delta : tensor.deltas()) {
      long inDelta = delta.slice().layerRowAt(row);
      if (inDelta < 0) {
        continue;
      }
      FourierAdapter adapter = delta.adapter();
      double change =
          delta.layout() == WeightLayout.IN_OUT
              ? definition(adapter, col, (int) inDelta)
              : definition(adapter, (int) inDelta, col);
      if (adapter.deltaType() != ElementType.F32) {
        change = rounded(change, adapter.deltaType());
        steps += unit(change, adapter.deltaType());
      }
      value = additions > 0 ? rounded(value, type) : value;
      value += addition == Addition.ADD ? change : -change;
      scale = Math.max(scale, Math.abs(value));
      if (type == ElementType.F32 || type == ElementType.F64) {
        double size = Math.sqrt((double) adapter.rows() * adapter.cols());
        scale = Math.max(scale, adapter.deltaNorm() / size);
      }
      additions++;
    }
    boolean half = type == ElementType.F16 || type == ElementType.BF16;
    double slack = additions * (half ? SLACK_HALF : SLACK_F32) + steps / unit(scale, type);
    return new Expected(value, scale, additions == 0 ? 0 : additions - 0.5 + slack);
  }

  /** One element of ΔW, out_features by in_features. */
  private static double definition(FourierAdapter adapter, int row, int col) {
    int rows = adapter.rows();
    int cols = adapter.cols();
    double sum = 0;
    for (int k = 0; k < adapter.nFrequency(); k++) {
      // The phase as a whole number of turns and a rest, so that large products lose nothing.
      double turns =
          (double) ((long) adapter.locations().row(k) * row % rows) / rows
              + (double) ((long) adapter.locations().col(k) * col % cols) / cols;
      sum += adapter.coefficient(k) * Math.cos(2 * Math.PI * turns);
    }
    return sum * adapter.scaling() / ((double) rows * cols);
  }

  private static double element(MemorySegment data, ElementType type, long index) {
    return switch (type) {
      case F64 -> data.get(ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE), index * 8);
      case F32 -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE), index * 4);
      case F16 ->
          Float.float16ToFloat(
              data.get(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE), index * 2));
      case BF16 ->
          ElementType.bfloat16ToFloat(
              data.get(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE), index * 2));
    };
  }

  private static double rounded(double value, ElementType type) {
    return type == ElementType.F64 ? value : type.round((float) value);
  }

  /** The distance between neighbours of the format at a magnitude; of F64 that of F32. */
  private static double unit(double magnitude, ElementType type) {
    int bits =
        switch (type) {
          case F64, F32 -> 23;
          case F16 -> 10;
          case BF16 -> 7;
        };
    int least = type == ElementType.F16 ? -14 : -126;
    int exponent = magnitude == 0 ? least : Math.max(least, Math.getExponent(magnitude));
    return Math.scalb(1.0, exponent - bits);
  }

  /**
   * What an element must be.
   *
   * @param value the sum before its last rounding
   * @param scale the magnitude that the unit is taken at
   * @param allowed units that rounding explains
   */
  private record Expected(double value, double scale, double allowed) {}

  /**
   * What a tensor was before anything was added.
   *
   * @param bytes its elements
   * @param type their format
   * @param slice which rows of the tensor they are; null if they are all
   */
  private record Start(MemorySegment bytes, ElementType type, @Nullable WeightSlice slice) {
    double element(long row, int col, int cols) {
      long own = slice == null ? row : slice.layerRowAt(row);
      return MergeCheck.element(bytes, type, own * cols + col);
    }
  }
}
