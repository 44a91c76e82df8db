package io.fourierft.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputDirectoryTest {
  private static final FolderKind MODEL = new FolderKind("a model", "*.safetensors", Set.of());
  private static final FolderKind ADAPTER =
      new FolderKind("an adapter", "adapter_config.json", Set.of("adapter_config.json", "weights"));

  @TempDir Path folder;

  @Test
  void nothingStandsUnderTheFinalNameBeforeTheCommit() throws IOException {
    Path target = folder.resolve("out");
    try (OutputDirectory output = OutputDirectory.create(target, false, MODEL)) {
      Files.writeString(output.path().resolve("a.txt"), "a");
      assertFalse(Files.exists(target));
      output.commit();
    }
    assertEquals("a", Files.readString(target.resolve("a.txt")));
    assertEquals(1, entries(folder));
    assertEquals(1, entries(target));
  }

  @Test
  void closingWithoutCommitLeavesNothing() throws IOException {
    try (OutputDirectory output = OutputDirectory.create(folder.resolve("out"), false, MODEL)) {
      Files.writeString(output.path().resolve("a.txt"), "a");
    }
    assertEquals(0, entries(folder));
  }

  @Test
  void aFolderThatExistsIsReplacedOnlyWhenAskedFor() throws IOException {
    Path target = folder.resolve("out");
    Files.createDirectory(target);
    Files.writeString(target.resolve("model.safetensors"), "old");
    FourierException refused =
        assertThrows(FourierException.class, () -> OutputDirectory.create(target, false, MODEL));
    assertTrue(refused.getMessage().contains("(overwrite)"), refused.getMessage());
    try (OutputDirectory output = OutputDirectory.create(target, true, MODEL)) {
      Files.writeString(output.path().resolve("model.safetensors"), "new");
      assertEquals("old", Files.readString(target.resolve("model.safetensors")));
      output.commit();
    }
    assertEquals("new", Files.readString(target.resolve("model.safetensors")));
    assertEquals(1, entries(folder));
  }

  @Test
  void aFolderThatHoldsNoModelIsNeverReplaced() throws IOException {
    Path target = folder.resolve("precious");
    Files.createDirectory(target);
    Files.writeString(target.resolve("thesis.txt"), "years of work");
    assertThrows(FourierException.class, () -> OutputDirectory.create(target, true, MODEL));
    assertEquals("years of work", Files.readString(target.resolve("thesis.txt")));
  }

  @Test
  void aFileOfThatNameIsRefused() throws IOException {
    Path target = Files.writeString(folder.resolve("out"), "a file");
    assertThrows(FourierException.class, () -> OutputDirectory.create(target, true, MODEL));
    assertEquals("a file", Files.readString(target));
  }

  @Test
  void whatAKilledProcessLeftIsRemovedByTheNextRunAndOnlyThat() throws IOException {
    Path target = folder.resolve("out");
    Path abandoned = folder.resolve(".out.fourierft-dead.partial");
    Files.createDirectories(abandoned.resolve("inner"));
    Files.writeString(abandoned.resolve("inner").resolve("half"), "half a model");
    Path lock = Files.createFile(folder.resolve(".out.fourierft-dead.lock"));
    Files.createDirectory(folder.resolve(".out.fourierft-older.partial"));
    Files.createFile(folder.resolve(".out.fourierft-oldest.lock"));
    Path foreign = Files.createDirectory(folder.resolve(".other.fourierft-dead.partial"));
    try (OutputDirectory running = OutputDirectory.create(target, false, MODEL)) {
      assertFalse(Files.exists(abandoned));
      assertFalse(Files.exists(lock));
      assertEquals(3, entries(folder), "the running one's two, and the foreign one");
      assertTrue(Files.exists(foreign), "belongs to another output");
      try (OutputDirectory second = OutputDirectory.create(target, false, MODEL)) {
        assertTrue(Files.exists(running.path()), "a running process keeps its folder");
        assertTrue(Files.exists(second.path()));
      }
    }
  }

  @Test
  void aFolderMovedAwayByAKilledCommitComesBack() throws IOException {
    Path target = folder.resolve("out");
    Path moved = Files.createDirectory(folder.resolve(".out.fourierft-dead.replaced"));
    Files.writeString(moved.resolve("model.safetensors"), "the old model");
    FourierException refused =
        assertThrows(FourierException.class, () -> OutputDirectory.create(target, false, MODEL));
    assertTrue(refused.getMessage().contains("holds a model already"), refused.getMessage());
    assertEquals("the old model", Files.readString(target.resolve("model.safetensors")));
  }

  @Test
  void filesThatAreNotItsOwnStay() throws IOException {
    Path target = Files.createDirectory(folder.resolve("adapter"));
    Files.writeString(target.resolve("adapter_config.json"), "old");
    Files.writeString(target.resolve("weights"), "old");
    Files.writeString(target.resolve("README.md"), "mine");
    try (OutputDirectory output = OutputDirectory.create(target, true, ADAPTER)) {
      Files.writeString(output.path().resolve("adapter_config.json"), "new");
      output.commit();
    }
    assertEquals("new", Files.readString(target.resolve("adapter_config.json")));
    assertEquals("mine", Files.readString(target.resolve("README.md")));
    assertFalse(Files.exists(target.resolve("weights")), "an own file that is not written goes");
    assertEquals(1, entries(folder));
  }

  @Test
  void whatWasReplacedByAKilledCommitIsRemovedByTheNextRun() throws IOException {
    Path target = Files.createDirectory(folder.resolve("adapter"));
    Files.writeString(target.resolve("adapter_config.json"), "new");
    Path old = Files.createDirectory(folder.resolve(".adapter.fourierft-dead.replaced"));
    Files.writeString(old.resolve("adapter_config.json"), "old");
    assertThrows(FourierException.class, () -> OutputDirectory.create(target, false, ADAPTER));
    assertEquals("new", Files.readString(target.resolve("adapter_config.json")));
    assertEquals(1, entries(folder));
  }

  @Test
  void aBrokenLinkIsRefusedFirst() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    FourierException refused =
        assertThrows(FourierException.class, () -> OutputDirectory.requireFree(link, true, MODEL));
    assertTrue(refused.getMessage().contains("broken link"), refused.getMessage());
    assertThrows(FourierException.class, () -> OutputDirectory.create(link, true, MODEL));
    assertEquals(1, entries(folder));
  }

  @Test
  void aNameAsLongAsTheSystemAllowsCanBeWritten() throws IOException {
    Path target = folder.resolve("ü".repeat(100) + "x".repeat(55));
    try (OutputDirectory output = OutputDirectory.create(target, false, MODEL)) {
      Files.writeString(output.path().resolve("a.txt"), "a");
      output.commit();
    }
    assertEquals("a", Files.readString(target.resolve("a.txt")));
    assertEquals(1, entries(folder));
  }

  @Test
  void aLinkToAFolderStaysALink() throws IOException {
    Path real = Files.createDirectory(folder.resolve("real"));
    Files.writeString(real.resolve("model.safetensors"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);
    try (OutputDirectory output = OutputDirectory.create(link, true, MODEL)) {
      Files.writeString(output.path().resolve("model.safetensors"), "new");
      output.commit();
    }
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(real.resolve("model.safetensors")));
  }

  private static long entries(Path path) throws IOException {
    try (Stream<Path> list = Files.list(path)) {
      return list.count();
    }
  }
}
