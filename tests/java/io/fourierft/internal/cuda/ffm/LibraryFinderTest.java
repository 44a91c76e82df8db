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

  /** An environment as {@code python -m venv} or uv make it, its python3 a link to the base's. */
  private Path environment(String name, String configuration) throws IOException {
    Path base = folder.resolve("base/bin/python3.12");
    if (!Files.exists(base)) {
      file("base/bin/python3.12").toFile().setExecutable(true);
    }
    Path bin = Files.createDirectories(folder.resolve(name + "/bin"));
    Files.writeString(folder.resolve(name + "/pyvenv.cfg"), configuration);
    return Files.createSymbolicLink(bin.resolve("python3"), base);
  }

  private String reportWithPath(String path) {
    LibrarySearch search =
        new LibraryFinder(new Properties(), Map.of("PATH", path), false)
            .cufft(_ -> "this test wants none");
    assertNull(search.found());
    return search.report();
  }

  @Test
  void theEnvironmentOfThePython3OnThePathIsLookedIn() throws IOException {
    environment("venv", "home = " + folder.resolve("base/bin") + "\nversion = 3.12.3\n");
    file("venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcufft.so.12");
    file("base/lib/python3.12/site-packages/torch/libtorch.so");
    String report = reportWithPath("/nowhere:" + folder.resolve("venv/bin"));
    assertTrue(
        report.contains(
            folder
                + "/venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcufft.so.12 (Python"
                + " wheel)"),
        report);
    assertTrue(
        report.contains("base/lib/python3.12/site-packages/nvidia/*/lib (Python wheel): holds no"),
        report);
  }

  @Test
  void aLinkOnThePathLeadsToTheEnvironmentBehindIt() throws IOException {
    Path python = environment("opt/.venv", "home = " + folder.resolve("base/bin") + "\n");
    file("opt/.venv/lib/python3.12/site-packages/nvidia/cufft/lib/libcufft.so.11");
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("python3"), bin.relativize(python));
    String report = reportWithPath(bin.toString());
    assertTrue(report.contains("opt/.venv/lib/python3.12/site-packages/nvidia/cufft/lib"), report);
  }

  @Test
  void anEnvironmentThatSharesItsBasesPackagesLeadsToThem() throws IOException {
    Files.createDirectories(folder.resolve("other/bin"));
    file("other/lib/python3.12/site-packages/nvidia/cu13/lib/libcufft.so.12");
    String home = "home = " + folder.resolve("other/bin") + "\ninclude-system-site-packages = ";
    environment("alone", home + "false\n");
    environment("sharing", home + "true\n");
    assertTrue(!reportWithPath(folder.resolve("alone/bin").toString()).contains("other/lib"));
    String report = reportWithPath(folder.resolve("sharing/bin").toString());
    assertTrue(report.contains("other/lib/python3.12/site-packages/nvidia/cu13/lib"), report);
  }

  @Test
  void linksThatLeadInACircleEnd() throws IOException {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("python3"), bin.resolve("python"));
    Files.createSymbolicLink(bin.resolve("python"), bin.resolve("python3"));
    reportWithPath(bin.toString());
  }

  @Test
  void everyLibraryOfTheToolkitIsFoundLikeCufft() throws IOException {
    String wheels = "venv/lib/python3.12/site-packages/nvidia/";
    for (String wheel :
        List.of(
            "cuda_nvrtc/lib/libnvrtc.so.12",
            "nvjitlink/lib/libnvJitLink.so.12",
            "cublas/lib/libcublas.so.12",
            "cu13/lib/libnvrtc.so.13",
            "cu13/lib/libnvJitLink.so.13",
            "cu13/lib/libcublas.so.13")) {
      file(wheels + wheel);
    }
    environment("venv", "home = /usr/bin\n");
    LibraryFinder finder =
        new LibraryFinder(
            new Properties(), Map.of("PATH", folder.resolve("venv/bin").toString()), false);
    for (LibrarySearch search :
        List.of(
            finder.nvrtc(_ -> "unwanted"),
            finder.nvJitLink(_ -> "unwanted"),
            finder.cublas(_ -> "unwanted"))) {
      String report = search.report();
      List<String> tried =
          search.attempts().stream()
              .map(LibrarySearch.Attempt::path)
              .filter(path -> path.startsWith(folder + "/venv") && path.contains(".so."))
              .toList();
      assertEquals(2, tried.size(), report);
      assertTrue(tried.getFirst().contains("cu13/lib") && tried.getFirst().endsWith(".13"), report);
      assertTrue(tried.getLast().endsWith(".12"), report);
    }
  }

  @Test
  void theReportOfANodeWithoutAnythingStaysShort() {
    LibrarySearch search = new LibraryFinder(new Properties(), Map.of(), false).nvrtc(_ -> "no");
    assertTrue(search.attempts().size() < 40, search.report());
  }
}
