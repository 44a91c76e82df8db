package io.fourierft.internal.cuda.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where CUDA's libraries are looked for, and what is kept of it. */
class LibraryFinderTest {
  @TempDir Path folder;

  private static Properties property(String name, String value) {
    Properties properties = new Properties();
    properties.setProperty(name, value);
    return properties;
  }

  private Path file(String path) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    return Files.createFile(file);
  }

  @Test
  void aPropertyIsTheOnlyPlaceLookedIn() {
    LibrarySearch search =
        new LibraryFinder(
                property("fourierft.cufft", "/nowhere/libcufft.so.12"),
                Map.of("LD_LIBRARY_PATH", folder.toString()),
                false)
            .cufft(_ -> null);
    assertNull(search.found());
    assertEquals(
        List.of(
            new LibrarySearch.Attempt(
                "/nowhere/libcufft.so.12", "-Dfourierft.cufft", "there is no such file")),
        search.attempts());
  }

  @Test
  void theWordNoneMeansNowhere() {
    LibrarySearch search =
        new LibraryFinder(property("fourierft.cuda", "none"), Map.of(), false).driver();
    assertNull(search.found());
    assertEquals("no place to look in", search.report());
  }

  @Test
  void theEnvironmentComesBeforeTheLoaderAndTheWheelsAfterTheInstallFolders() throws IOException {
    file("cuda/lib64/libcufft.so.11");
    file("venv/lib/python3.12/site-packages/nvidia/cufft/lib/libcufft.so.11");
    file("venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcufft.so.12");
    LibrarySearch search =
        new LibraryFinder(
                new Properties(),
                Map.of(
                    "CUDA_PATH", folder.resolve("cuda").toString(),
                    "VIRTUAL_ENV", folder.resolve("venv").toString(),
                    "LD_LIBRARY_PATH", folder.resolve("empty").toString()),
                false)
            .cufft(_ -> "this test wants none");
    assertNull(search.found());
    List<String> sources = search.attempts().stream().map(LibrarySearch.Attempt::source).toList();
    assertEquals("environment", sources.getFirst());
    assertTrue(
        sources.lastIndexOf("environment") < sources.indexOf("the loader's default"),
        sources.toString());
    assertTrue(
        sources.lastIndexOf("the loader's default") < sources.indexOf("install folder"),
        sources.toString());
    assertTrue(
        sources.lastIndexOf("install folder") < sources.indexOf("Python wheel"),
        sources.toString());
    String report = search.report();
    assertTrue(report.contains("cuda/lib64/libcufft.so.11 (environment): Cannot open"), report);
    assertTrue(report.contains("empty (environment): holds no libcufft.so.12"), report);
    assertTrue(
        report.indexOf("cu13/lib/libcufft.so.12") < report.indexOf("cufft/lib/libcufft.so.11"),
        report);
  }

  @Test
  void windowsHasNamesOfItsOwn() {
    LibrarySearch search = new LibraryFinder(new Properties(), Map.of(), true).driver();
    assertNull(search.found());
    assertEquals("nvcuda.dll", search.attempts().getFirst().path());
  }

  @Test
  void aLibraryThatDoesNotFitIsPassedOverWithTheReason() {
    LibrarySearch search =
        new LibraryFinder(property("fourierft.cufft", "libc.so.6"), Map.of(), false)
            .cufft(_ -> "it is another one");
    assertNull(search.found());
    assertTrue(search.report().endsWith("libc.so.6 (-Dfourierft.cufft): it is another one"));
  }
}
