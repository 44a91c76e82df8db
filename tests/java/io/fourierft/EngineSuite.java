package io.fourierft;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** Tests that every engine passes, on one engine of the kind under test. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class EngineSuite {
  /** The engine that the tests of a class share. */
  protected FourierEngine engine;

  /** A new engine of the kind under test. */
  protected abstract FourierEngine open(int threads);

  @BeforeAll
  void openEngine() {
    engine = open(2);
  }

  @AfterAll
  void closeEngine() {
    engine.close();
  }
}
