package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** An output never replaces what is read, over whichever links that is. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need a privilege there")
class SourceFilesTest {
  @TempDir Path folder;
  private Path base;
  private Path adapter;
  private Path out;

  @BeforeEach
  void makeFolders() throws IOException {
    base = Files.createDirectory(folder.resolve("base"));
    adapter = Files.createDirectory(folder.resolve("adapter"));
    out = Files.createDirectory(folder.resolve("out"));
    Files.writeString(base.resolve("model.safetensors"), "weights");
  }

  private void assertRefused(Path source, String words) {
    FourierException e =
        assertThrows(
            FourierException.class, () -> SourceFiles.requireApart(source, List.of(adapter), out));
    assertTrue(e.getMessage().contains(words), e.getMessage());
  }

  @Test
  void foldersOfTheirOwnAreApart() throws IOException {
    SourceFiles.requireApart(base, List.of(adapter), out);
    SourceFiles.requireApart(base.resolve("model.safetensors"), List.of(adapter), out);
  }

  /** Of a base that is given as one file, the files beside it are read too. */
  @Test
  void whatLiesBesideAFileOfTheBaseCounts() throws IOException {
    Files.writeString(out.resolve("config.json"), "{}");
    Files.createSymbolicLink(base.resolve("config.json"), out.resolve("config.json"));
    assertRefused(base.resolve("model.safetensors"), "config.json");
  }

  /** The output would take away a link on the way, though its end lies elsewhere. */
  @Test
  void aLinkOnTheWayCounts() throws IOException {
    Path way = Files.createSymbolicLink(out.resolve("way"), base.resolve("model.safetensors"));
    Path given = Files.createSymbolicLink(folder.resolve("given.safetensors"), way);
    assertRefused(given, "given.safetensors leads to");
  }
}
