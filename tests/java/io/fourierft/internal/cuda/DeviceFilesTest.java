package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceFilesTest {
  @ParameterizedTest
  @ValueSource(strings = {"dev/nvidia0", "dev/nvidiactl", "usr/lib/wsl/lib/libcuda.so.1"})
  void eachSignIsEnough(String sign, @TempDir Path root) throws IOException {
    Files.createDirectories(root.resolve(sign).getParent());
    assertFalse(DeviceFiles.showDevice(root));
    Files.createFile(root.resolve(sign));
    assertTrue(DeviceFiles.showDevice(root));
  }
}
