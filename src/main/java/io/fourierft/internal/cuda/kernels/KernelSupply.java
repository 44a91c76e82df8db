package io.fourierft.internal.cuda.kernels;

import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.FourierException;
import io.fourierft.internal.cuda.device.CudaDevice;
import io.fourierft.internal.cuda.ffm.FoundLibrary;
import io.fourierft.internal.cuda.ffm.LibraryFinder;
import io.fourierft.internal.cuda.ffm.LibrarySearch;
import io.fourierft.internal.cuda.ffm.Nvrtc;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Where the kernels of an engine come from: the file that a property names, else the jar's image if
 * it has code for the GPU, else the jar's sources, compiled by NVRTC. Nothing is compiled before
 * {@link #image}.
 */
public final class KernelSupply {
  private static final String THE_IMAGE = "the kernel image";

  private final @Nullable KernelImage image;
  private final @Nullable KernelCompiler compiler;
  private final @Nullable Obstacle obstacle;

  private KernelSupply(
      @Nullable KernelImage image, @Nullable KernelCompiler compiler, @Nullable Obstacle obstacle) {
    this.image = image;
    this.compiler = compiler;
    this.obstacle = obstacle;
  }

  /**
   * Looks for kernels.
   *
   * @param device the GPU, or null if none was found, so that any kernels would do
   * @param driverVersion as the driver tells it, or 0
   */
  public static KernelSupply find(
      LibraryFinder finder, @Nullable CudaDevice device, int driverVersion) {
    if (KernelImage.isCompiledHere()) {
      return compiled(
          finder,
          device,
          driverVersion,
          "-D%s=%s asks for kernels compiled here"
              .formatted(KernelImage.PROPERTY, KernelImage.COMPILED_HERE));
    }
    KernelImage ready;
    try {
      ready = KernelImage.find();
    } catch (FourierException e) {
      return blocked(String.valueOf(e.getMessage()), "correct -D" + KernelImage.PROPERTY);
    }
    Obstacle unfit = ready == null || device == null ? null : ready.obstacle(device, driverVersion);
    if (ready != null && unfit == null) {
      return new KernelSupply(ready, null, null);
    }
    if (unfit != null && System.getProperty(KernelImage.PROPERTY) != null) {
      return new KernelSupply(null, null, unfit);
    }
    return compiled(
        finder,
        device,
        driverVersion,
        unfit == null ? "no jar of compiled kernels is here" : unfit.found());
  }

  private static KernelSupply compiled(
      LibraryFinder finder, @Nullable CudaDevice device, int driverVersion, String without) {
    String remedy =
        "build their jar by mvn package where nvcc is on the PATH, or give -D%s=PATH of a fatbin"
            .formatted(KernelImage.PROPERTY);
    KernelSource source;
    try {
      source = KernelSource.find();
    } catch (IOException e) {
      return blocked(without + ", and their sources cannot be read: " + e, remedy);
    }
    if (source == null) {
      return blocked(without + ", and without their sources", remedy);
    }
    if (device == null) {
      return new KernelSupply(null, null, null);
    }
    LibrarySearch search = finder.nvrtc(library -> unfit(library, device, driverVersion));
    FoundLibrary library = search.found();
    if (library == null) {
      return blocked(
          "%s, and NVRTC, which could compile them here, was not found; looked in\n    %s"
              .formatted(without, search.report()),
          "install NVRTC (the CUDA toolkit, or the Python wheel nvidia-cuda-nvrtc) or give -D%s=PATH, %s"
              .formatted(LibraryFinder.NVRTC_PROPERTY, remedy));
    }
    Nvrtc nvrtc = new Nvrtc(library);
    return new KernelSupply(
        null,
        new KernelCompiler(
            nvrtc,
            source,
            KernelCache.ofUser(),
            KernelCompiler.architecture(nvrtc.architectures(), device),
            driverVersion),
        null);
  }

  /** Why an NVRTC cannot be used, or null if it can. */
  private static @Nullable String unfit(
      FoundLibrary library, CudaDevice device, int driverVersion) {
    try {
      Nvrtc nvrtc = new Nvrtc(library);
      int version = nvrtc.version();
      if (driverVersion != 0 && version / 1000 > driverVersion / 1000) {
        return "it belongs to CUDA %s, but the driver knows only CUDA %s"
            .formatted(KernelImage.versionText(version), KernelImage.versionText(driverVersion));
      }
      if (KernelCompiler.architecture(nvrtc.architectures(), device) == 0) {
        return "it compiles for %s, none of which %s runs"
            .formatted(nvrtc.architectures(), device.architecture());
      }
      return null;
    } catch (FourierException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static KernelSupply blocked(String problem, String remedy) {
    return new KernelSupply(null, null, new Obstacle(THE_IMAGE, problem, remedy));
  }

  /** Why there are none, or null. */
  public @Nullable Obstacle obstacle() {
    return obstacle;
  }

  /** Which kernels are used, in words. */
  public String describe() {
    if (compiler != null) {
      return "kernels " + compiler.describe();
    }
    return image == null
        ? "kernels to be compiled by NVRTC at first use"
        : "kernels " + image.description() + compiledBy(image);
  }

  private static String compiledBy(KernelImage image) {
    return image.toolkit() == 0
        ? ""
        : ", compiled by CUDA %s for %s"
            .formatted(KernelImage.versionText(image.toolkit()), image.architectures());
  }

  /** CUDA version that compiled them or will, 0 if that is not known. */
  public int toolkit() {
    return image != null ? image.toolkit() : compiler != null ? compiler.toolkit() : 0;
  }

  /**
   * The image; compiles it if need be, which takes seconds once.
   *
   * @throws FourierException if it cannot be compiled
   */
  public KernelImage image() {
    if (image != null) {
      return image;
    }
    if (compiler == null) {
      throw new IllegalStateException("there are no kernels: " + obstacle);
    }
    return compiler.image();
  }
}
