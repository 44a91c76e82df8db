package io.fourierft.peft;

import io.fourierft.PeftFixture;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The adapters that PEFT itself wrote: the project's fixtures and those of resources/peft. */
final class PeftCases {
  static final Path RESOURCES = PeftFixture.resources();

  private PeftCases() {}

  /** Every case: a folder with adapter, base and expected.safetensors. */
  static List<Path> all() {
    return Stream.of(PeftFixture.cases(), RESOURCES.resolve("peft/adapters"))
        .flatMap(parent -> PeftFixture.folders(parent).stream())
        .toList();
  }

  static Path tricky(String name) {
    return RESOURCES.resolve("peft/adapters").resolve(name);
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
      return BaseModel.of(base, ModelConfig.ofType(modelType));
    }
  }
}
