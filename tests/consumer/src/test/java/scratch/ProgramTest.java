package scratch;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ProgramTest {
  @Test
  void surefireGivesItTheFlags() {
    String said = Program.run();
    assertTrue(said.contains("simd"), said);
  }
}
