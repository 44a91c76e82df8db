package io.fourierft.internal.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.FourierException;
import io.fourierft.internal.cuda.ffm.FoundLibrary;
import io.fourierft.internal.cuda.ffm.LibraryFinder;
import io.fourierft.internal.cuda.ffm.LibrarySearch;
import io.fourierft.internal.cuda.ffm.Nvrtc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The jar's sources in NVIDIA's own NVRTC, where there is one (the Python wheel nvidia-cuda-nvrtc
 * is enough, no GPU is needed), and what compiled kernels are kept under.
 */
class KernelCompilerTest {
  private static KernelSource source() throws IOException {
    KernelSource source = KernelSource.find();
    assumeTrue(source != null, "the class path was made without the kernels' sources");
    return source;
  }

  private static Nvrtc nvrtc() {
    LibrarySearch search = new LibraryFinder().nvrtc(_ -> null);
    FoundLibrary library = search.found();
    assumeTrue(library != null, "no NVRTC on this machine: " + search.report());
    return new Nvrtc(library);
  }

  @ParameterizedTest
  @ValueSource(ints = {75, 80, 90, 120})
  void theSourcesNeedNothingOfTheHostOrOfAToolkit(int architecture) throws IOException {
    KernelSource source = source();
    Nvrtc nvrtc = nvrtc();
    assumeTrue(
        nvrtc.architectures().contains(architecture),
        nvrtc.library() + " compiles for " + nvrtc.architectures());
    KernelImage image =
        new KernelCompiler(nvrtc, source, new KernelCache(null), architecture, 13000).image();
    assertEquals(List.of(architecture), image.architectures());
    String text = new String(image.bytes(), StandardCharsets.ISO_8859_1);
    assertTrue(text.startsWith("\u007fELF"), "no cubin");
    for (Kernel kernel : Kernel.values()) {
      assertTrue(text.contains(kernel.symbol()), kernel.symbol() + " is missing");
    }
  }

  @Test
  void theCompilersMessagesAreTold() {
    Nvrtc nvrtc = nvrtc();
    FourierException failure =
        assertThrows(
            FourierException.class,
            () -> nvrtc.compile("wrong.cu", "int f() { return x; }", Map.of(), List.of()));
    assertTrue(
        String.valueOf(failure.getMessage()).contains("identifier \"x\" is undefined"),
        failure.getMessage());
  }

  @Test
  void everyFileThatIsIncludedIsInTheJar() throws IOException {
    KernelSource source = source();
    assertTrue(source.headers().containsKey("fourierft_kernels.h"), source.headers().toString());
    assertTrue(source.headers().containsKey("cuda_fp16.h"));
    assertTrue(source.headers().containsKey("stdint.h"));
  }

  @Test
  void anotherSourceOrOptionIsKeptUnderAnotherName() {
    KernelSource source = new KernelSource("a", Map.of("b", "c"));
    String name = source.fingerprint(List.of("-x"));
    assertEquals(16, name.length());
    assertEquals(name, new KernelSource("a", Map.of("b", "c")).fingerprint(List.of("-x")));
    assertNotEquals(name, source.fingerprint(List.of("-y")));
    assertNotEquals(name, new KernelSource("a", Map.of("b", "d")).fingerprint(List.of("-x")));
    assertNotEquals(name, new KernelSource("ab", Map.of("", "c")).fingerprint(List.of("-x")));
  }

  @Test
  void theCacheIsWhereTheSystemKeepsItsUsers() {
    KernelCache home = KernelCache.of(Map.of("user.home", "/home/u")::get, Map.of());
    assertEquals(Path.of("/home/u/.cache/fourierft/kernels/x"), home.file("x"));
    KernelCache xdg =
        KernelCache.of(Map.of("user.home", "/home/u")::get, Map.of("XDG_CACHE_HOME", "/big"));
    assertEquals(Path.of("/big/fourierft/kernels/x"), xdg.file("x"));
    KernelCache relative =
        KernelCache.of(Map.of("user.home", "/home/u")::get, Map.of("XDG_CACHE_HOME", "big"));
    assertEquals(home, relative);
    KernelCache given =
        KernelCache.of(Map.of("fourierft.cache", "/mine")::get, Map.of("XDG_CACHE_HOME", "/big"));
    assertEquals(Path.of("/mine/kernels/x"), given.file("x"));
    assertNotNull(given.folder());
    assertEquals(
        new KernelCache(null), KernelCache.of(Map.of("fourierft.cache", "none")::get, Map.of()));
    assertEquals(new KernelCache(null), KernelCache.of(Map.<String, String>of()::get, Map.of()));
  }
}
