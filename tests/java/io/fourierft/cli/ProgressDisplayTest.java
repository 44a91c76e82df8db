package io.fourierft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A progress bar is for work that takes a while. */
class ProgressDisplayTest {
  private static final long MILLISECOND = 1_000_000;

  private final AtomicLong clock = new AtomicLong(-5);
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  private ProgressDisplay display(boolean enabled) {
    return display(false, enabled);
  }

  private ProgressDisplay display(boolean adapters, boolean enabled) {
    return new ProgressDisplay(
        "merge",
        adapters,
        enabled,
        clock::get,
        new PrintStream(shown, true, StandardCharsets.UTF_8),
        false);
  }

  @Test
  void oneLongStepShowsThatWorkGoesOn() throws InterruptedException {
    try (ProgressDisplay display =
        new ProgressDisplay(
            "merge",
            false,
            true,
            System::nanoTime,
            new PrintStream(shown, true, StandardCharsets.UTF_8),
            true)) {
      display.progressed(0, 100 << 20, "a");
      long deadline = System.nanoTime() + 30_000 * MILLISECOND;
      while (text().split("merge", -1).length < 4 && System.nanoTime() < deadline) {
        Thread.sleep(50);
      }
      display.progressed(100 << 20, 100 << 20, "a");
    }
    assertTrue(text().split("merge", -1).length >= 4, text());
    assertTrue(text().contains("100%"), text());
  }

  /** Of a small model it counts KiB from its first picture on. */
  @Test
  void smallWorkIsCountedInSmallUnits() throws InterruptedException {
    try (ProgressDisplay display =
        new ProgressDisplay(
            "merge",
            false,
            true,
            System::nanoTime,
            new PrintStream(shown, true, StandardCharsets.UTF_8),
            true)) {
      Thread.sleep(1200);
      assertEquals("", text(), "nothing is known to be done yet");
      display.progressed(0, 300 << 10, "a");
      display.progressed(300 << 10, 300 << 10, "b");
    }
    assertTrue(text().contains("300/300 KiB"), text());
    assertTrue(!text().contains("MiB"), text());
  }

  private String text() {
    return shown.toString(StandardCharsets.UTF_8);
  }

  @Test
  void quickWorkShowsNothing() {
    try (ProgressDisplay display = display(true)) {
      display.progressed(0, 100, "a");
      clock.addAndGet(999 * MILLISECOND);
      display.progressed(100, 100, "b");
    }
    assertEquals("", shown.toString(StandardCharsets.UTF_8));
  }

  @Test
  void workOfMoreThanASecondShowsABar() throws IOException {
    final List<String> before = unpacked();
    try (ProgressDisplay display = display(true)) {
      clock.addAndGet(1001 * MILLISECOND);
      display.progressed(50 << 20, 100 << 20, "a");
      display.progressed(100 << 20, 100 << 20, "b");
    }
    String text = shown.toString(StandardCharsets.UTF_8);
    assertTrue(text.contains("merge") && text.contains("100%"), text);
    assertTrue(text.contains("100/100 MiB"), text);
    assertEquals(before, unpacked(), "a native library for the terminal");
  }

  /** Elapsed, left, and a rate in the same unit, whatever the user's language. */
  @Test
  void theRateAndTheTimeLeftAreShown() throws InterruptedException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try (ProgressDisplay display = display(true, true)) {
      clock.addAndGet(1001 * MILLISECOND);
      display.progressed(0, 5000, "a");
      Thread.sleep(1200);
      display.progressed(2500, 5000, "b");
      Thread.sleep(1200);
      display.progressed(5000, 5000, "c");
    } finally {
      Locale.setDefault(before);
    }
    Pattern picture =
        Pattern.compile(
            "merge .*2500/5000 adapters \\(0:00:0\\d / 0:00:0\\d\\) +\\d+\\.\\d adapters/s");
    assertTrue(picture.matcher(text()).find(), text());
    assertTrue(text().contains("5000/5000 adapters"), text());
  }

  private static List<String> unpacked() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.map(Path::toString).filter(name -> name.contains("jline")).sorted().toList();
    }
  }

  @Test
  void machinesAreShownNone() {
    try (ProgressDisplay display = display(false)) {
      clock.addAndGet(60_000 * MILLISECOND);
      display.progressed(50, 100, "a");
    }
    assertEquals("", shown.toString(StandardCharsets.UTF_8));
  }
}
