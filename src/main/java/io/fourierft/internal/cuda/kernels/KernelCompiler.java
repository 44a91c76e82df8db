package io.fourierft.internal.cuda.kernels;

import io.fourierft.internal.cuda.device.CudaDevice;
import io.fourierft.internal.cuda.ffm.Nvrtc;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compiles the jar's sources for one GPU by NVRTC when an engine is first opened, and keeps the
 * result for each architecture, driver, compiler and source.
 */
final class KernelCompiler {
  private final Nvrtc nvrtc;
  private final KernelSource source;
  private final KernelCache cache;
  private final int architecture;
  private final List<String> options;
  private final String name;

  /**
   * Prepares to compile.
   *
   * @param architecture compute capability, one of {@link Nvrtc#architectures}
   * @param driverVersion part of what an image is kept for
   */
  KernelCompiler(
      Nvrtc nvrtc, KernelSource source, KernelCache cache, int architecture, int driverVersion) {
    this.nvrtc = nvrtc;
    this.source = source;
    this.cache = cache;
    this.architecture = architecture;
    this.options = List.of("--gpu-architecture=sm_" + architecture, "--std=c++17", "-lineinfo");
    List<String> all =
        Stream.concat(options.stream(), Stream.of("nvrtc " + nvrtc.version())).toList();
    this.name =
        "sm_%d-driver-%s-%s.cubin"
            .formatted(
                architecture, KernelImage.versionText(driverVersion), source.fingerprint(all));
  }

  /**
   * The greatest of the compiler's architectures whose code runs on a device, or 0: one of the same
   * generation that is not newer.
   */
  static int architecture(List<Integer> known, CudaDevice device) {
    int capability = 10 * device.major() + device.minor();
    return known.stream()
        .filter(each -> each / 10 == device.major() && each <= capability)
        .max(Integer::compare)
        .orElse(0);
  }

  /** What will be used, in words. */
  String describe() {
    String by =
        "NVRTC %s (%s)".formatted(KernelImage.versionText(nvrtc.version()), nvrtc.library());
    if (cache.file(name) == null) {
      return "compiled by %s for sm_%d in every process, for want of a cache folder"
          .formatted(by, architecture);
    }
    return cache.read(name) == null
        ? "to be compiled by %s for sm_%d at first use, and kept in %s"
            .formatted(by, architecture, cache.file(name))
        : "of the cache, %s, compiled by %s".formatted(cache.file(name), by);
  }

  /** CUDA version of the compiler. */
  int toolkit() {
    return nvrtc.version();
  }

  /**
   * The kept image, or a new one, which is kept.
   *
   * @throws io.fourierft.FourierException with the compiler's messages if it fails
   */
  KernelImage image() {
    byte @Nullable [] kept = cache.read(name);
    byte[] image = kept == null ? compile() : kept;
    return new KernelImage(
        image,
        (kept == null ? "compiled by " + nvrtc.library() : "of the cache, " + cache.file(name)),
        nvrtc.version(),
        List.of(architecture),
        0);
  }

  private byte[] compile() {
    System.getLogger(KernelCompiler.class.getName())
        .log(
            System.Logger.Level.INFO,
            "compiling the CUDA kernels for sm_{0} by {1}, once",
            Integer.toString(architecture),
            nvrtc.library());
    byte[] image = nvrtc.compile(KernelSource.NAME, source.text(), source.headers(), options);
    cache.write(name, image);
    return image;
  }
}
