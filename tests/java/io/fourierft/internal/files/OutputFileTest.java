package io.fourierft.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import io.fourierft.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {
  @TempDir Path folder;

  private static void write(Path target, boolean overwrite, String content) throws IOException {
    try (OutputFile file = OutputFile.create(target, overwrite)) {
      Files.writeString(file.path(), content);
      file.commit();
    }
  }

  @Test
  void appearsWholeAndLeavesNothingBeside() throws IOException {
    Path target = folder.resolve("inner").resolve("a.txt");
    write(target, false, "a");
    assertEquals("a", Files.readString(target));
    assertEquals(List.of("a.txt"), ModelFiles.names(target.getParent()));
    write(target, true, "b");
    assertEquals("b", Files.readString(target));
    assertEquals(List.of("a.txt"), ModelFiles.names(target.getParent()));
  }

  @Test
  void isNotReplacedUnlessAskedForEvenIfItCameMeanwhile() throws IOException {
    Path target = folder.resolve("a.txt");
    try (OutputFile file = OutputFile.create(target, false)) {
      Files.writeString(file.path(), "late");
      write(target, false, "early");
      assertThrows(FourierException.class, file::commit);
    }
    assertEquals("early", Files.readString(target));
    FourierException refused =
        assertThrows(FourierException.class, () -> OutputFile.create(target, false));
    assertTrue(refused.getMessage().contains("exists already"), refused.getMessage());
    assertEquals(List.of("a.txt"), ModelFiles.names(folder));
  }

  @Test
  void aFolderABrokenLinkAndADeviceAreRefused() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
    for (Path target : List.of(folder, link, Path.of("/dev/null"))) {
      assertThrows(FourierException.class, () -> OutputFile.create(target, true));
    }
    assertEquals(List.of("link"), ModelFiles.names(folder));
  }

  @Test
  void aLinkStaysALink() throws IOException {
    Path real = Files.writeString(folder.resolve("real.txt"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link.txt"), real);
    write(link, true, "new");
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(real));
  }

  @Test
  void withoutCommitNothingIsLeft() throws IOException {
    try (OutputFile file = OutputFile.create(folder.resolve("a.txt"), false)) {
      Files.writeString(file.path(), "half");
    }
    assertEquals(List.of(), ModelFiles.names(folder));
  }
}
