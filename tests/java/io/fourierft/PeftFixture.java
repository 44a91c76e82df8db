package io.fourierft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.internal.host.LittleEndian;
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

  /** The folder of everything that tests read. */
  public static Path resources() {
    return Path.of(System.getProperty("fourierft.project.dir", "."), "tests", "resources");
  }

  /** The folder of all fixtures. */
  public static Path root() {
    return resources().resolve("fixtures");
  }

  /** The folder of all cases. */
  public static Path cases() {
    return root().resolve("peft");
  }

  /** One case. */
  public static PeftFixture named(String name) {
    return new PeftFixture(cases().resolve(name));
  }

  /** Every case. */
  public static List<PeftFixture> all() {
    return folders(cases()).stream().map(PeftFixture::new).toList();
  }

  /** The folders in {@code parent}, in name order. */
  public static List<Path> folders(Path parent) {
    try (Stream<Path> children = Files.list(parent)) {
      return children.filter(Files::isDirectory).sorted().toList();
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

  /** The adapter of one module, of a weight that is {@code rows} x {@code cols} untransposed. */
  public FourierAdapter adapter(String module, int rows, int cols) throws IOException {
    JsonNode config =
        new ObjectMapper().readTree(adapter().resolve("adapter_config.json").toFile());
    float[] spectrum;
    try (SafetensorsFile file =
        SafetensorsFile.open(adapter().resolve("adapter_model.safetensors"))) {
      spectrum = floats(file, "base_model.model." + module + ".fourierft_spectrum");
    }
    return FourierAdapter.of(
        SpectralLocations.of(
            rows, cols, spectrum.length, config.get("random_loc_seed").longValue()),
        spectrum,
        config.get("scaling").doubleValue());
  }

  /** The places that PEFT computed with for one module. */
  public static SpectralLocations places(SafetensorsFile expected, String module) {
    List<Long> shape = expected.tensor(module + ".delta").shape();
    double[] indices = doubles(expected, module + ".indices");
    int n = indices.length / 2;
    int[] rows = new int[n];
    int[] cols = new int[n];
    for (int k = 0; k < n; k++) {
      rows[k] = (int) indices[k];
      cols[k] = (int) indices[n + k];
    }
    return SpectralLocations.of(
        Math.toIntExact(shape.get(0)), Math.toIntExact(shape.get(1)), rows, cols);
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
            case F64 -> data.get(LittleEndian.DOUBLE, 8L * i);
            case F32 -> data.get(LittleEndian.FLOAT, 4L * i);
            case F16 -> Float.float16ToFloat(data.get(LittleEndian.SHORT, 2L * i));
            case BF16 -> ElementType.bfloat16ToFloat(data.get(LittleEndian.SHORT, 2L * i));
            case I64 -> data.get(LONG_LE, 8L * i);
            default -> throw new IllegalArgumentException(name + " is " + tensor.dtype());
          };
    }
    return values;
  }

  /** A tensor's elements as floats. */
  public static float[] floats(SafetensorsFile file, String name) {
    double[] wide = doubles(file, name);
    float[] values = new float[wide.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) wide[i];
    }
    return values;
  }

  /** A copy of a tensor as a matrix; a vector is one row. */
  public static HostMatrix matrix(SafetensorsFile file, String name) {
    TensorInfo tensor = file.tensor(name);
    MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(tensor.sizeInBytes())]);
    file.copy(name, 0, bytes);
    int cols = Math.toIntExact(tensor.shape().getLast());
    int rows = Math.toIntExact(tensor.elementCount() / cols);
    return Matrix.of(bytes, ElementType.valueOf(tensor.dtype().name()), rows, cols);
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
