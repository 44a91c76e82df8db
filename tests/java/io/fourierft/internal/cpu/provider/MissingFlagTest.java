package io.fourierft.internal.cpu.provider;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ChildJvm;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a user hears who starts Java without the flags. */
class MissingFlagTest {
  private static final String SLOW = "the SIMD kernels are off and JTransforms computes";

  private static String output(List<String> flags, String... devices)
      throws IOException, InterruptedException {
    try (ChildJvm child =
        ChildJvm.startPlain("", flags, EngineOpeningMain.class, (Object[]) devices)) {
      String text = child.finish();
      assertEquals(0, child.waitFor(), text);
      return text;
    }
  }

  private static int count(String text, String part) {
    return text.split(java.util.regex.Pattern.quote(part), -1).length - 1;
  }

  @Test
  void slowKernelsAreWarnedOfOnceAndNoNativeLibraryIsTouched()
      throws IOException, InterruptedException {
    String text = output(List.of(), "auto", "cpu", "auto");
    assertEquals(3, count(text, "opened cpu"), text);
    assertEquals(1, count(text, SLOW), text);
    assertTrue(text.contains("start java with --add-modules jdk.incubator.vector"), text);
    // Java's own warning about System.load and its kin.
    assertFalse(text.contains("A restricted method"), text);
    assertTrue(text.contains("native access: it is not granted"), text);
  }

  @Test
  void slowKernelsThatWereAskedForAreNotWarnedOf() throws IOException, InterruptedException {
    String text = output(List.of("-Dfourierft.cpu.kernels=jtransforms"), "cpu");
    assertEquals(0, count(text, SLOW), text);
  }

  @Test
  void fastKernelsAreNotWarnedOf() throws IOException, InterruptedException {
    String text = output(List.of("--add-modules", "jdk.incubator.vector"), "cpu");
    assertEquals(0, count(text, SLOW), text);
  }
}
