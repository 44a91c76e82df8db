package io.fourierft.internal.cuda;

import io.fourierft.FourierAdapter;
import io.fourierft.SpectralLocations;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Opens an engine on the emulated driver, and finds out whether it gave everything back. */
@OnEmulator
abstract class EmulatedEngineTest extends DeviceEngineTest {
  static final int ROWS = 22;
  static final int COLS = 18;
  EmulatedCuda emulator;

  @BeforeEach
  void open() {
    emulator = EmulatedCuda.require();
    engine = EmulatedCuda.open(0);
  }

  @AfterEach
  void close() {
    engine.close();
    engine.close();
    emulator.assertNothingLeft();
  }

  static FourierAdapter adapter(int rows, int cols, int n, int seed) {
    return FourierAdapter.of(SpectralLocations.of(rows, cols, n, seed), floats(n, seed), 40);
  }
}
