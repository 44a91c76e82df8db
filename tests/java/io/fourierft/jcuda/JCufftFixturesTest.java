package io.fourierft.jcuda;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fourierft.EngineFixtures;
import io.fourierft.EngineOptions;
import io.fourierft.FourierEngine;
import io.fourierft.internal.cuda.EmulatedCuda;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/**
 * PEFT's fixtures with cuFFT bound by JCufft instead of java.lang.foreign, on the emulated driver.
 */
@Tag("emulated-cuda")
class JCufftFixturesTest extends EngineFixtures {
  private static String before;

  @BeforeAll
  static void chooseJCufft() {
    EmulatedCuda.require();
    assumeTrue(
        System.getProperty("os.name", "").equals("Linux")
            && System.getProperty("os.arch", "").equals("amd64"),
        "JCufft's library is here for Linux on x86-64 alone");
    before = System.getProperty("fourierft.cufft");
    Path old = Path.of(before).resolveSibling("cufft10").resolve("libcufft.so.10");
    assertTrue(Files.exists(old), () -> old + " was not built");
    System.setProperty("fourierft.cufft", old.toString());
    System.setProperty("fourierft.cuda.fft", "jcufft");
  }

  @AfterAll
  static void chooseWhatWasThere() {
    System.clearProperty("fourierft.cuda.fft");
    if (before != null) {
      System.setProperty("fourierft.cufft", before);
    }
    EmulatedCuda.require().assertNothingLeft();
  }

  @Override
  protected FourierEngine open(int threads) {
    FourierEngine engine = FourierEngine.create(EngineOptions.defaults().withDevice("cuda:0"));
    assertTrue(engine.selection().probes().toString().contains("JCufft on"));
    return engine;
  }
}
