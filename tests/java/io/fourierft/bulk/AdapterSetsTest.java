package io.fourierft.bulk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finding the adapters of a job. */
class AdapterSetsTest {
  @TempDir Path folder;

  private String refusal(Path path) {
    return String.valueOf(
        assertThrows(FourierException.class, () -> AdapterSets.find(path)).getMessage());
  }

  @Test
  void aFolderHoldsThoseWithAConfiguration() throws IOException {
    BulkFixture.adapters(folder, 3);
    Files.createDirectories(folder.resolve("empty"));
    Files.writeString(folder.resolve("README.md"), "");
    assertEquals(
        List.of("a00", "a01", "a02"),
        AdapterSets.find(folder).stream().map(AdapterSet::name).toList());
    assertTrue(refusal(folder.resolve("a00")).contains("is an adapter itself"));
    assertTrue(refusal(folder.resolve("empty")).contains("holds no folder with"));
  }

  @Test
  void aListHasPathsOrNamesAndPaths() throws IOException {
    Path list = folder.resolve("list.txt");
    Files.writeString(list, "# mine\n\nsome/poet\r\n both \tsome/poet\t /x y/coder\n");
    assertEquals(
        List.of(
            new AdapterSet("poet", List.of(Path.of("some/poet"))),
            new AdapterSet("both", List.of(Path.of("some/poet"), Path.of("/x y/coder")))),
        AdapterSets.find(list));
    Files.writeString(list, "# nothing\n");
    assertTrue(refusal(list).contains("lists no adapter"));
    Files.write(list, new byte[] {'a', (byte) 0xff});
    assertTrue(refusal(list).contains("not UTF-8"));
    assertThrows(NoSuchFileException.class, () -> AdapterSets.find(folder.resolve("none")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../up\ta", ".hidden\ta", "a/b\tc", "\ta", "..", "/"})
  void namesThatCannotBeOutputsAreRefusedWithTheirLine(String line) throws IOException {
    Path list = folder.resolve("list.txt");
    Files.writeString(list, "good\n" + line + "\n");
    if (line.equals("..")) {
      // The folder above has a name of its own.
      assertEquals(2, AdapterSets.find(list).size());
      return;
    }
    String message = refusal(list);
    assertTrue(message.contains("line 2: "), message);
  }

  @Test
  void onlyAMergePutsSeveralTogether() {
    AdapterSet set = new AdapterSet("both", List.of(Path.of("a"), Path.of("b")));
    assertThrows(FourierException.class, set::single);
    assertThrows(FourierException.class, () -> new AdapterSet("none", List.of()));
    assertThrows(FourierException.class, () -> AdapterSets.requireDistinct(List.of()));
  }
}
