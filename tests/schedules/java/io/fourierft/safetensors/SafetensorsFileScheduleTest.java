package io.fourierft.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fourierft.Schedules;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtendWith;
import org.pastalab.fray.junit.junit5.FrayTestExtension;
import org.pastalab.fray.junit.junit5.annotations.FrayTest;

/**
 * A file may be closed at any moment: a read ends rightly or is refused, and touches no memory
 * after.
 */
@ExtendWith(FrayTestExtension.class)
class SafetensorsFileScheduleTest {
  private static final String HEADER = "{" + FileBytes.entry("a", "U8", "[4]", 0, 4) + "}";

  @FrayTest(iterations = Schedules.EACH)
  void readsBesideAClose() throws IOException, InterruptedException {
    Path path = Files.createTempFile("schedule", ".safetensors");
    try {
      Files.write(path, FileBytes.of(HEADER, 4));
      AtomicInteger ended = new AtomicInteger();
      SafetensorsFile file = SafetensorsFile.open(path);
      Thread[] readers = {new Thread(() -> read(file, ended)), new Thread(() -> read(file, ended))};
      for (Thread reader : readers) {
        reader.start();
      }
      file.close();
      for (Thread reader : readers) {
        reader.join();
      }
      assertEquals(2, ended.get());
      assertThrows(SafetensorsException.class, () -> file.data("a"));
    } finally {
      Files.delete(path);
    }
  }

  private static void read(SafetensorsFile file, AtomicInteger ended) {
    try {
      byte last = file.read("a", data -> data.get(ValueLayout.JAVA_BYTE, 3));
      if (last == 3) {
        ended.incrementAndGet();
      }
    } catch (SafetensorsException e) {
      if (e.rule().contains("the file is closed")) {
        ended.incrementAndGet();
      }
    }
  }
}
