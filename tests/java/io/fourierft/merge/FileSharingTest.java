package io.fourierft.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A file that is linked or copied. */
class FileSharingTest {
  @TempDir Path folder;
  private Path from;

  @BeforeEach
  void write() throws IOException {
    from = Files.writeString(folder.resolve("from"), "weights");
  }

  /** An archive is a file system without links. */
  @Test
  void whereNoLinkCanBeMadeTheFileIsCopied() throws IOException {
    try (FileSystem archive =
        FileSystems.newFileSystem(folder.resolve("archive.zip"), Map.of("create", "true"))) {
      Path to = archive.getPath("to");
      FileSharing.share(from, to, UntouchedFiles.LINKED);
      assertEquals("weights", Files.readString(to));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LINKED", "COPIED"})
  void aFileThatIsThereIsNotTouched(UntouchedFiles how) throws IOException {
    Path to = Files.writeString(folder.resolve("to"), "another's");
    assertThrows(FileAlreadyExistsException.class, () -> FileSharing.share(from, to, how));
    assertEquals("another's", Files.readString(to));
  }
}
