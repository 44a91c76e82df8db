package io.fourierft.internal.cuda.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.FourierException;
import io.fourierft.cuda.CublasException;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/**
 * NVIDIA's own cuBLAS, where there is one (the Python wheel is enough, no GPU is needed; {@code
 * -Dfourierft.test.cublas=PATH} names it). Finds every function that is bound.
 */
class RealCublasTest {
  private static FoundLibrary require() {
    Properties properties = new Properties();
    String named = System.getProperty("fourierft.test.cublas");
    if (named != null) {
      properties.setProperty(LibraryFinder.CUBLAS_PROPERTY, named);
    }
    LibrarySearch search = new LibraryFinder(properties, System.getenv(), false).cublas(_ -> null);
    if (named != null) {
      assertNotNull(search.found(), search::report);
    }
    assumeTrue(search.found() != null, "no cuBLAS on this machine: " + search.report());
    return search.found();
  }

  @Test
  void hasEveryFunctionThatIsBoundAndTellsItsVersion() {
    FoundLibrary library = require();
    PanamaCublas cublas = new PanamaCublas(library);
    int version = cublas.getVersion();
    assertTrue(version >= 110000 && version < 200000, "version " + version);
    assertEquals(library.path(), cublas.library());
  }

  /** Without a device, or with a handle that is none. */
  @Test
  void namesTheFailureOfACall() {
    PanamaCublas cublas = new PanamaCublas(require());
    CublasException failure = assertThrows(CublasException.class, () -> cublas.setStream(0, 0));
    assertEquals("cublasSetStream_v2", failure.function());
    assertEquals("CUBLAS_STATUS_NOT_INITIALIZED", failure.codeName());
    assertTrue(String.valueOf(failure.getMessage()).contains("giving a handle its stream"));
  }

  @Test
  void aLibraryWithoutTheFunctionsIsToldByName() {
    Properties properties = new Properties();
    properties.setProperty(LibraryFinder.CUBLAS_PROPERTY, "libc.so.6");
    FoundLibrary library = new LibraryFinder(properties, Map.of(), false).cublas(_ -> null).found();
    assumeTrue(library != null, "no libc.so.6 on this machine");
    FourierException failure =
        assertThrows(FourierException.class, () -> new PanamaCublas(library));
    assertEquals(
        "libc.so.6 has no cublasGetProperty; install the cuBLAS of CUDA 11 or later",
        failure.getMessage());
  }
}
