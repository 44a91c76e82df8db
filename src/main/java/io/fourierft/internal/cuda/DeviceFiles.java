package io.fourierft.internal.cuda;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Whether the machine has an NVIDIA GPU, as its files tell: what can be known without touching a
 * library. Linux only (and its subsystem in Windows); elsewhere nothing is seen.
 */
final class DeviceFiles {
  /** Made by the kernel module for the first device, or by WSL for any. */
  private static final List<String> SIGNS =
      List.of("dev/nvidia0", "dev/nvidiactl", "usr/lib/wsl/lib/libcuda.so.1");

  private DeviceFiles() {}

  /**
   * Looks for them.
   *
   * @param root the root of the file system
   */
  static boolean showDevice(Path root) {
    return SIGNS.stream().map(root::resolve).anyMatch(Files::exists);
  }
}
