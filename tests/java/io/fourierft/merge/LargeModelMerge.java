package io.fourierft.merge;

import io.fourierft.cli.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A process that runs one command line and then tells the most memory it ever had. */
public final class LargeModelMerge {
  private LargeModelMerge() {}

  /** Takes the command line. */
  public static void main(String[] arguments) throws IOException {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    int code = Main.run(out, out, arguments);
    Path status = Path.of("/proc/self/status");
    long peak = -1;
    if (Files.isReadable(status)) {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM:")) {
          peak = Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
    }
    System.out.println("peak KiB " + peak);
    System.exit(code);
  }
}
