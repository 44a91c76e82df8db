package io.fourierft.internal.files.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class RenameExchangeTest {
  @TempDir Path folder;

  @Test
  void twoFoldersTradePlacesWhateverTheirNamesAre() throws IOException {
    Path first = Files.createDirectory(folder.resolve("größe 100% ü?#"));
    Path second = Files.createDirectory(folder.resolve("b"));
    Files.writeString(first.resolve("a.txt"), "a");
    RenameExchange call = RenameExchange.find().orElseThrow();
    assertTrue(call.exchange(first, second));
    assertEquals("a", Files.readString(second.resolve("a.txt")));
    assertFalse(Files.exists(first.resolve("a.txt")));
  }

  @Test
  void nothingChangesIfOneIsNotThere() throws IOException {
    Path there = Files.createDirectory(folder.resolve("there"));
    RenameExchange call = RenameExchange.find().orElseThrow();
    assertFalse(call.exchange(there, folder.resolve("absent")));
    assertFalse(call.exchange(folder.resolve("absent"), there));
    assertTrue(Files.isDirectory(there));
  }
}
