package io.fourierft;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** An engine for all tests of a class. */
public abstract class OneEngineTest {
  private static final List<FourierEngine> ENGINES = new ArrayList<>();

  @BeforeAll
  static void open() {
    ENGINES.add(FourierEngine.create(EngineOptions.defaults().withDevice("cpu").withThreads(2)));
  }

  /** Lets the tests that follow use another engine, which is closed with the first. */
  protected static void use(FourierEngine other) {
    ENGINES.addFirst(other);
  }

  @AfterAll
  static void close() {
    ENGINES.forEach(FourierEngine::close);
    ENGINES.clear();
  }

  protected static FourierEngine engine() {
    return ENGINES.getFirst();
  }
}
