package io.fourierft.internal.cuda.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.FourierException;
import io.fourierft.cuda.CufftException;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/**
 * NVIDIA's own cuFFT, where there is one (the Python wheel is enough, no GPU is needed; {@code
 * -Dfourierft.test.cufft=PATH} names it). Finds every function that is bound.
 */
class RealCufftTest {
  private static FoundLibrary require() {
    Properties properties = new Properties();
    String named = System.getProperty("fourierft.test.cufft");
    if (named != null) {
      properties.setProperty(LibraryFinder.CUFFT_PROPERTY, named);
    }
    LibrarySearch search = new LibraryFinder(properties, System.getenv(), false).cufft(_ -> null);
    if (named != null) {
      assertNotNull(search.found(), search::report);
    }
    assumeTrue(search.found() != null, "no cuFFT on this machine: " + search.report());
    return search.found();
  }

  @Test
  void hasEveryFunctionThatIsBoundAndTellsItsVersion() {
    FoundLibrary library = require();
    PanamaCufft cufft = new PanamaCufft(library);
    int version = cufft.getVersion();
    assertTrue(version >= 10000 && version < 20000, "version " + version);
    assertEquals(library.path(), cufft.library());
    // CUDA 12.6 Update 2 brought them, as cuFFT 11.3; 12.8 is the first where they are no preview.
    assertEquals(version >= 11300, cufft.takesCallbacks(), "version " + version);
  }

  @Test
  void namesTheFailureOfACall() {
    PanamaCufft cufft = new PanamaCufft(require());
    CufftException failure = assertThrows(CufftException.class, () -> cufft.destroy(12345));
    assertEquals("cufftDestroy", failure.function());
    assertEquals(PanamaCufft.codeName(failure.code()), failure.codeName());
    assertTrue(String.valueOf(failure.getMessage()).contains(failure.codeName()));
  }

  @Test
  void aLibraryWithoutTheFunctionsIsToldByName() {
    Properties properties = new Properties();
    properties.setProperty(LibraryFinder.CUFFT_PROPERTY, "libc.so.6");
    FoundLibrary library = new LibraryFinder(properties, Map.of(), false).cufft(_ -> null).found();
    assumeTrue(library != null, "no libc.so.6 on this machine");
    FourierException failure = assertThrows(FourierException.class, () -> new PanamaCufft(library));
    assertEquals(
        "libc.so.6 has no cufftGetVersion; install the cuFFT of CUDA 11 or later",
        failure.getMessage());
  }
}
