package io.fourierft.safetensors;

import java.nio.file.Path;

/** Files that the reference implementation wrote. */
final class Fixtures {
  static final Path PEFT =
      Path.of(System.getProperty("fourierft.project.dir", "."))
          .resolve("tests/resources/fixtures/peft");

  private Fixtures() {}
}
