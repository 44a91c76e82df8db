package io.fourierft.peft;

import io.fourierft.SpectralLocations;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The adapters that PEFT itself wrote: the project's fixtures and those of resources/peft. */
final class PeftCases {
  static final Path RESOURCES =
      Path.of(System.getProperty("fourierft.project.dir", "."), "tests", "resources");

  private static final ValueLayout.OfLong LONG_LE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private PeftCases() {}

  /** Every case: a folder with adapter, base and expected.safetensors. */
  static List<Path> all() throws IOException {
    return Stream.concat(
            children(RESOURCES.resolve("fixtures/peft")),
            children(RESOURCES.resolve("peft/adapters")))
        .toList();
  }

  static Path tricky(String name) {
    return RESOURCES.resolve("peft/adapters").resolve(name);
  }

  private static Stream<Path> children(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(Files::isDirectory).sorted().toList().stream();
    }
  }

  static BaseModel base(Path caseFolder) throws IOException {
    Path config = caseFolder.resolve("base/config.json");
    String modelType = null;
    if (Files.exists(config)) {
      modelType =
          ConfigReader.tree(Files.readString(config), config.toString())
              .get("model_type")
              .textValue();
    }
    return base(caseFolder, modelType);
  }

  static BaseModel base(Path caseFolder, @Nullable String modelType) throws IOException {
    try (SafetensorsCheckpoint base = SafetensorsCheckpoint.open(caseFolder.resolve("base"))) {
      return BaseModel.of(base, modelType);
    }
  }

  /** The places that PEFT computed with. */
  static SpectralLocations indices(SafetensorsFile expected, String module) {
    TensorInfo delta = expected.tensor(module + ".delta");
    String name = module + ".indices";
    int n = Math.toIntExact(expected.tensor(name).shape().get(1));
    MemorySegment data = expected.data(name);
    int[] rows = new int[n];
    int[] cols = new int[n];
    for (int k = 0; k < n; k++) {
      rows[k] = Math.toIntExact(data.get(LONG_LE, 8L * k));
      cols[k] = Math.toIntExact(data.get(LONG_LE, 8L * (n + k)));
    }
    return SpectralLocations.at(
        Math.toIntExact(delta.shape().get(0)), Math.toIntExact(delta.shape().get(1)), rows, cols);
  }
}
