package io.fourierft;

import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsWriter;
import io.fourierft.safetensors.TensorDeclaration;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Small models and adapters, made for one test each. */
public final class ModelFiles {
  private static final String PREFIX = "base_model.model.";
  private static final String SUFFIX = ".fourierft_spectrum";

  private ModelFiles() {}

  /** A tensor with these values, each rounded to {@code dtype}. */
  public static Tensor tensor(String name, DType dtype, List<Long> shape, float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * dtype.bits() / 8).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      switch (dtype) {
        case F64 -> bytes.putDouble(value);
        case F32 -> bytes.putFloat(value);
        case F16 -> bytes.putShort(Float.floatToFloat16(value));
        case BF16 -> bytes.putShort(ElementType.floatToBfloat16(value));
        case I32 -> bytes.putInt((int) value);
        case U8 -> bytes.put((byte) value);
        default -> throw new IllegalArgumentException("no test needs " + dtype);
      }
    }
    return new Tensor(name, dtype, shape, bytes.array());
  }

  /** A matrix of normal numbers of that deviation. */
  public static Tensor matrix(
      String name, DType dtype, int rows, int cols, double deviation, long seed) {
    return tensor(
        name, dtype, List.of((long) rows, (long) cols), normal(rows * cols, deviation, seed));
  }

  /** A vector of normal numbers with deviation 1. */
  public static Tensor vector(String name, DType dtype, int length, long seed) {
    return tensor(name, dtype, List.of((long) length), normal(length, 1, seed));
  }

  /** The coefficients of one module, as PEFT names them. */
  public static Tensor spectrum(String module, DType dtype, float... coefficients) {
    return tensor(
        PREFIX + module + SUFFIX, dtype, List.of((long) coefficients.length), coefficients);
  }

  /** Normal numbers. */
  public static float[] normal(int count, double deviation, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  /** Writes one safetensors file. */
  public static Path write(Path file, Tensor... tensors) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    List<TensorDeclaration> declarations = new ArrayList<>();
    for (Tensor tensor : tensors) {
      declarations.add(new TensorDeclaration(tensor.name(), tensor.dtype(), tensor.shape()));
    }
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(file, Map.of("format", "pt"), declarations)) {
      for (Tensor tensor : tensors) {
        writer.write(tensor.name(), MemorySegment.ofArray(tensor.bytes()));
      }
      writer.commit();
    }
    return file;
  }

  /** Writes a model folder: {@code config.json} and {@code model.safetensors}. */
  public static Path model(Path folder, String config, Tensor... tensors) throws IOException {
    write(folder.resolve("model.safetensors"), tensors);
    Files.writeString(folder.resolve("config.json"), config);
    return folder;
  }

  /**
   * Writes an adapter folder.
   *
   * @param targets the JSON of {@code target_modules}
   * @param more further JSON members, each with a comma before it
   */
  public static Path adapter(
      Path folder, int n, double scaling, long seed, String targets, String more, Tensor... tensors)
      throws IOException {
    write(folder.resolve("adapter_model.safetensors"), tensors);
    Files.writeString(
        folder.resolve("adapter_config.json"),
        """
        {"peft_type": "FOURIERFT", "n_frequency": %d, "scaling": %s, "random_loc_seed": %d,
         "target_modules": %s%s}
        """
            .formatted(n, scaling, seed, targets, more));
    return folder;
  }

  /** The bytes of every tensor of a model, by name. */
  public static Map<String, byte[]> contents(Path model) throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(model)) {
      checkpoint
          .tensors()
          .forEach(
              (name, location) ->
                  contents.put(
                      name, location.shard().file().data(name).toArray(ValueLayout.JAVA_BYTE)));
    }
    return contents;
  }

  /** The elements of one tensor of a model, exactly. */
  public static double[] elements(Path model, String name) throws IOException {
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(model)) {
      return PeftFixture.doubles(checkpoint.find(name).orElseThrow().shard().file(), name);
    }
  }

  /** The same as float32. */
  public static float[] floats(Path model, String name) throws IOException {
    double[] elements = elements(model, name);
    float[] values = new float[elements.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) elements[i];
    }
    return values;
  }

  /** The dtype of one tensor of a model. */
  public static DType dtype(Path model, String name) throws IOException {
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(model)) {
      return checkpoint.find(name).orElseThrow().tensor().dtype();
    }
  }

  /** Every name in a folder, those that start with a dot too, sorted. */
  public static List<String> names(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.map(child -> child.getFileName().toString()).sorted().toList();
    }
  }

  /** Removes a folder and all that is in it. */
  public static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /**
   * A tensor to write.
   *
   * @param name its name in the file
   * @param dtype the format of its elements
   * @param shape its dimensions
   * @param bytes its elements, little-endian
   */
  @SuppressWarnings("ArrayRecordComponent") // Test data that is compared nowhere.
  public record Tensor(String name, DType dtype, List<Long> shape, byte[] bytes) {
    @Override
    public String toString() {
      return name + " " + dtype + " " + shape + " " + Arrays.hashCode(bytes);
    }
  }
}
