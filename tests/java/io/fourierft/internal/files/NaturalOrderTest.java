package io.fourierft.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Layer 2 comes before layer 10. */
class NaturalOrderTest {
  @Test
  void numbersCompareAsNumbers() {
    List<String> names =
        new ArrayList<>(
            List.of("layers.10.q", "layers.2.v", "layers.2.q", "layers", "a.10", "a.9"));
    names.sort(NaturalOrder::compare);
    assertEquals(
        List.of("a.9", "a.10", "layers", "layers.2.q", "layers.2.v", "layers.10.q"), names);
  }

  @Test
  void noTwoNamesAreEqual() {
    assertTrue(NaturalOrder.compare("a.01", "a.1") != 0);
    assertEquals(0, NaturalOrder.compare("a.1", "a.1"));
    assertTrue(NaturalOrder.compare("x99999999999999999999", "x100000000000000000000") < 0);
  }
}
