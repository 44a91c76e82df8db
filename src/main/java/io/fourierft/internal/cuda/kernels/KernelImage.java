package io.fourierft.internal.cuda.kernels;

import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.FourierException;
import io.fourierft.internal.cuda.device.CudaDevice;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The compiled kernels: a fatbin, and what is said about it beside it. A jar of its own carries
 * both ({@code linux-x86_64-cuda}), in a folder that is no package, so that any module path or
 * class path may have it.
 *
 * @param bytes the fatbin
 * @param description where it came from
 * @param toolkit CUDA version that compiled it, 1000·major + 10·minor; 0 if that is not known
 * @param architectures compute capabilities with machine code, as 75 or 120; empty if not known
 * @param ptx lowest compute capability of its PTX, which newer GPUs can compile; 0 if none
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; copying it would cost for nothing.
public record KernelImage(
    byte[] bytes, String description, int toolkit, List<Integer> architectures, int ptx) {
  /** Property that names a fatbin to use instead of the jar's. */
  public static final String PROPERTY = "fourierft.cuda.kernels";

  /**
   * Reserved value of the property: the library's sources, compiled by NVRTC, whatever is there.
   */
  public static final String COMPILED_HERE = "nvrtc";

  /** Where the jar carries them, and the callbacks. */
  private static final String FOLDER = "META-INF/fourierft/cuda/";

  private static final String RESOURCE = "fourierft.fatbin";
  private static final String FACTS = "fourierft.properties";

  /**
   * The fatbin of {@link #PROPERTY} or else that of the kernels' jar, or null if that is not here.
   *
   * @throws FourierException if it cannot be read
   */
  public static @Nullable KernelImage find() {
    String path = System.getProperty(PROPERTY);
    try {
      return path == null ? fromJar() : fromFile(Path.of(path));
    } catch (IOException e) {
      throw new FourierException("the kernel image cannot be read: " + e, e);
    }
  }

  private static @Nullable KernelImage fromJar() throws IOException {
    try (InputStream image = resource(RESOURCE);
        InputStream facts = resource(FACTS)) {
      return image == null ? null : of(image.readAllBytes(), "of the kernels' jar", read(facts));
    }
  }

  /** A file of the kernels' jar; null if there is none. */
  static @Nullable InputStream resource(String name) {
    ClassLoader loader = KernelImage.class.getClassLoader();
    return loader == null ? null : loader.getResourceAsStream(FOLDER + name);
  }

  private static KernelImage fromFile(Path path) throws IOException {
    Path facts = path.resolveSibling(FACTS);
    byte[] bytes = Files.readAllBytes(path);
    if (!Files.exists(facts)) {
      return of(bytes, path.toString(), new Properties());
    }
    try (InputStream in = Files.newInputStream(facts)) {
      return of(bytes, path.toString(), read(in));
    }
  }

  private static Properties read(@Nullable InputStream facts) throws IOException {
    Properties properties = new Properties();
    if (facts != null) {
      properties.load(facts);
    }
    return properties;
  }

  private static KernelImage of(byte[] bytes, String description, Properties facts) {
    List<Integer> architectures = new ArrayList<>();
    for (String each : facts.getProperty("architectures", "").split("[;, ]+", -1)) {
      if (!each.isEmpty()) {
        architectures.add(Integer.valueOf(each));
      }
    }
    return new KernelImage(
        bytes,
        description,
        version(facts.getProperty("toolkit", "0.0")),
        List.copyOf(architectures),
        Integer.parseInt(facts.getProperty("ptx", "0")));
  }

  /** Whether the property asks for kernels that NVRTC compiles. */
  static boolean isCompiledHere() {
    return COMPILED_HERE.equals(System.getProperty(PROPERTY));
  }

  /** 13.0 as 13000. */
  private static int version(String text) {
    String[] parts = text.split("\\.", -1);
    return 1000 * Integer.parseInt(parts[0])
        + (parts.length > 1 ? 10 * Integer.parseInt(parts[1]) : 0);
  }

  /** 13000 as 13.0. */
  public static String versionText(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /** What stands in the way of running on a GPU, or null. */
  public @Nullable Obstacle obstacle(CudaDevice device, int driverVersion) {
    if (toolkit / 1000 > driverVersion / 1000) {
      return new Obstacle(
          "the CUDA driver",
          "it knows CUDA %s, but the kernels were compiled by CUDA %s"
              .formatted(versionText(driverVersion), versionText(toolkit)),
          "update the NVIDIA driver, or build the jar with an older CUDA toolkit");
    }
    if (architectures.isEmpty()) {
      return null;
    }
    int capability = 10 * device.major() + device.minor();
    boolean machineCode =
        architectures.stream().anyMatch(a -> a / 10 == device.major() && a <= capability);
    boolean compilable = ptx > 0 && ptx <= capability;
    if (machineCode || (compilable && driverVersion >= toolkit)) {
      return null;
    }
    if (compilable) {
      return new Obstacle(
          "the kernel image",
          "it has no machine code for %s (compute capability %d.%d), and the driver of CUDA %s cannot compile the PTX of CUDA %s"
              .formatted(
                  device.name(),
                  device.major(),
                  device.minor(),
                  versionText(driverVersion),
                  versionText(toolkit)),
          "update the NVIDIA driver");
    }
    return new Obstacle(
        "the kernel image",
        "it has code for %s, none for %s (compute capability %d.%d)"
            .formatted(architectures, device.name(), device.major(), device.minor()),
        "use a GPU of compute capability 7.5 or later, or build the jar with "
            + "-DFOURIERFT_ARCHITECTURES=%d".formatted(capability));
  }
}
