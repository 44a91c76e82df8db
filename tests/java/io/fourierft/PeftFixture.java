package io.fourierft;

import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * One case that PEFT computed: {@code tests/resources/fixtures/peft/<name>}; its README says what
 * each tensor is.
 *
 * @param folder the case's folder
 */
public record PeftFixture(Path folder) {
  private static final ValueLayout.OfLong LONG_LE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The folder of all fixtures. */
  public static Path root() {
    return Path.of(System.getProperty("fourierft.project.dir", "."), "tests/resources/fixtures");
  }

  /** Every case. */
  public static List<PeftFixture> all() {
    try (Stream<Path> folders = Files.list(root().resolve("peft"))) {
      return folders.filter(Files::isDirectory).sorted().map(PeftFixture::new).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The case's name. */
  public String name() {
    return folder.getFileName().toString();
  }

  /** The base model's folder. */
  public Path base() {
    return folder.resolve("base");
  }

  /** The adapter's folder. */
  public Path adapter() {
    return folder.resolve("adapter");
  }

  /** Opens {@code expected.safetensors}. */
  public SafetensorsFile expected() throws IOException {
    return SafetensorsFile.open(folder.resolve("expected.safetensors"));
  }

  /** Modules with an expected value, in name order. */
  public static List<String> modules(SafetensorsFile expected) {
    return expected.tensors().keySet().stream()
        .filter(name -> name.endsWith(".delta64"))
        .map(name -> name.substring(0, name.length() - ".delta64".length()))
        .sorted()
        .toList();
  }

  /** A tensor's elements as float64, exactly. */
  public static double[] doubles(SafetensorsFile file, String name) {
    TensorInfo tensor = file.tensor(name);
    MemorySegment data = file.data(name);
    double[] values = new double[Math.toIntExact(tensor.elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.dtype()) {
            case F64 -> data.get(HostMatrix.DOUBLE_LE, 8L * i);
            case F32 -> data.get(HostMatrix.FLOAT_LE, 4L * i);
            case F16 -> Float.float16ToFloat(data.get(HostMatrix.SHORT_LE, 2L * i));
            case BF16 -> ElementType.bfloat16ToFloat(data.get(HostMatrix.SHORT_LE, 2L * i));
            case I64 -> data.get(LONG_LE, 8L * i);
            default -> throw new IllegalArgumentException(name + " is " + tensor.dtype());
          };
    }
    return values;
  }

  /** ‖a − b‖ / ‖b‖, Frobenius. */
  public static double relativeError(double[] a, double[] b) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < b.length; i++) {
      difference += (a[i] - b[i]) * (a[i] - b[i]);
      norm += b[i] * b[i];
    }
    return norm == 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
  }

  /** Whether the tensors are stored in 16 bits. */
  public static boolean isHalfPrecision(DType dtype) {
    return dtype == DType.BF16 || dtype == DType.F16;
  }

  @Override
  public String toString() {
    return name();
  }
}
