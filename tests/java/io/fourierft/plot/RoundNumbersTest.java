package io.fourierft.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Axes count in ones, twos and fives; numbers have three digits. */
class RoundNumbersTest {
  @Test
  void stepsAreRound() {
    assertEquals(1, RoundNumbers.step(0.01));
    assertEquals(2, RoundNumbers.step(1.1));
    assertEquals(50, RoundNumbers.step(4096.0 / 192));
    assertEquals(100, RoundNumbers.step(14336.0 / 192));
    assertEquals(500, RoundNumbers.step(4096.0 / 12));
  }

  @Test
  void labelsStandAtTheRoundNumbersAndEachIsItsOwn() {
    List<String> labels = RoundNumbers.labels(82, 50, 12);
    assertEquals("0", labels.get(0));
    assertEquals("500", labels.get(10));
    assertEquals("4000", labels.get(80));
    assertEquals(9, labels.stream().filter(label -> !label.isBlank()).count());
    assertEquals(82, new HashSet<>(labels).size());
  }

  @Test
  void numbersHaveThreeDigits() {
    assertEquals("0.0350", RoundNumbers.threeDigits(0.035031840205192566));
    assertEquals("-1.42", RoundNumbers.threeDigits(-1.4239));
    assertEquals("123", RoundNumbers.threeDigits(123.4));
    assertEquals("1.23e+09", RoundNumbers.threeDigits(1.2345e9));
    assertEquals("0", RoundNumbers.threeDigits(0));
    assertEquals("0.9", RoundNumbers.shortest(0.9));
    assertEquals("1", RoundNumbers.shortest(1.0));
    assertEquals("100", RoundNumbers.shortest(100));
    assertTrue(RoundNumbers.roundedUp(0.03503184) == 0.0351);
  }
}
