package io.fourierft.internal.cuda;

import io.fourierft.EngineOptions;
import io.fourierft.EngineProbe.Obstacle;
import io.fourierft.FourierException;
import io.fourierft.cuda.CudaException;
import io.fourierft.internal.cuda.blas.CublasSupply;
import io.fourierft.internal.cuda.device.CudaDevice;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.ffm.FoundLibrary;
import io.fourierft.internal.cuda.ffm.LibraryFinder;
import io.fourierft.internal.cuda.ffm.LibrarySearch;
import io.fourierft.internal.cuda.ffm.PanamaCudaDriver;
import io.fourierft.internal.cuda.ffm.PanamaCufft;
import io.fourierft.internal.cuda.kernels.CallbackImages;
import io.fourierft.internal.cuda.kernels.KernelImage;
import io.fourierft.internal.cuda.kernels.KernelSupply;
import io.fourierft.internal.jcuda.JCufftTransforms;
import io.fourierft.internal.selection.EngineCandidate;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a CUDA engine needs and what of it this machine has. Collects every obstacle, and needs no
 * context.
 */
public final class CudaSurvey {
  /** Property that chooses what binds cuFFT: {@code panama}, the default, or {@code jcufft}. */
  static final String BINDING_PROPERTY = "fourierft.cuda.fft";

  /** Property that lets cuFFT compile each plan with more patience; {@code off} is the default. */
  static final String PATIENT_PROPERTY = "fourierft.cuda.patient";

  /** The oldest CUDA whose driver has every function that is called. */
  static final int OLDEST_DRIVER = 11040;

  /** Major version of the cuFFT that JCufft 11.8.0 was built for. */
  private static final int JCUFFT_WANTS = 10;

  private static final int NO_DEVICE = 100;
  private static final String NATIVE_ACCESS =
      "; native access must be allowed (--enable-native-access=io.fourierft, or ALL-UNNAMED on the"
          + " class path)";

  private final int ordinal;
  private final LibraryFinder finder;
  private final List<Obstacle> obstacles = new ArrayList<>();
  private final List<String> details = new ArrayList<>();
  private int driverVersion;

  /** Devices that the driver sees, or -1 if it could not be asked. */
  private int visible = -1;

  private @Nullable CudaDriver driver;
  private @Nullable Cufft cufft;
  private @Nullable CudaDevice device;
  private @Nullable KernelSupply kernels;
  private @Nullable CallbackImages callbacks;

  private CudaSurvey(int ordinal, LibraryFinder finder) {
    this.ordinal = ordinal;
    this.finder = finder;
  }

  /** Looks at this machine for the device that the options name; number 0 if they name none. */
  static CudaSurvey of(EngineOptions options) {
    String text = options.device();
    int ordinal = text.startsWith("cuda:") ? Integer.parseInt(text.substring(5)) : 0;
    CudaSurvey survey = new CudaSurvey(ordinal, new LibraryFinder());
    survey.examine();
    return survey;
  }

  private void examine() {
    examineDriver();
    KernelSupply supply = KernelSupply.find(finder, device, driverVersion);
    kernels = supply;
    Obstacle without = supply.obstacle();
    if (without == null) {
      details.add(supply.describe());
    } else {
      obstacles.add(without);
    }
    examineCufft();
  }

  private void examineDriver() {
    LibrarySearch search = finder.driver();
    FoundLibrary library = search.found();
    if (library == null) {
      obstacles.add(
          new Obstacle(
              "the CUDA driver",
              "not found; looked in\n    " + search.report(),
              "install the NVIDIA driver, or give -D%s=PATH%s"
                  .formatted(LibraryFinder.DRIVER_PROPERTY, NATIVE_ACCESS)));
      return;
    }
    try {
      CudaDriver bound = new PanamaCudaDriver(library);
      driverVersion = bound.driverGetVersion();
      if (driverVersion < OLDEST_DRIVER) {
        obstacles.add(
            new Obstacle(
                "the CUDA driver",
                "%s knows CUDA %s"
                    .formatted(library.path(), KernelImage.versionText(driverVersion)),
                "install a driver of CUDA %s or later"
                    .formatted(KernelImage.versionText(OLDEST_DRIVER))));
        return;
      }
      driver = bound;
      details.add(
          "driver of CUDA %s (%s)"
              .formatted(KernelImage.versionText(driverVersion), library.path()));
      bound.init();
      examineDevice(bound);
    } catch (CudaException e) {
      if (e.code() == NO_DEVICE) {
        visible = 0;
        obstacles.add(noSuchDevice(0));
      } else {
        obstacles.add(
            new Obstacle(
                "the CUDA driver",
                String.valueOf(e.getMessage()),
                "see whether nvidia-smi works; reinstall the NVIDIA driver"));
      }
    } catch (FourierException e) {
      obstacles.add(
          new Obstacle(
              "the CUDA driver",
              String.valueOf(e.getMessage()),
              "install a driver of CUDA %s or later"
                  .formatted(KernelImage.versionText(OLDEST_DRIVER))));
    }
  }

  private void examineDevice(CudaDriver bound) {
    int count = bound.deviceGetCount();
    visible = count;
    if (ordinal >= count) {
      obstacles.add(noSuchDevice(count));
      return;
    }
    CudaDevice found = CudaDevice.read(bound, ordinal);
    device = found;
    details.add(
        "device %d of %d: %s, %s, %d multiprocessors, %d MiB"
            .formatted(
                ordinal,
                count,
                found.name(),
                found.architecture(),
                found.multiprocessors(),
                found.totalBytes() >> 20));
  }

  private Obstacle noSuchDevice(int count) {
    String shown = System.getenv("CUDA_VISIBLE_DEVICES");
    return new Obstacle(
        "a CUDA device",
        "device %d was asked for, and %d can be seen%s"
            .formatted(ordinal, count, shown == null ? "" : ", with CUDA_VISIBLE_DEVICES=" + shown),
        count == 0
            ? "use a machine with an NVIDIA GPU"
            : "use cuda:0 to cuda:%d, or change CUDA_VISIBLE_DEVICES".formatted(count - 1));
  }

  /**
   * Tells of cuBLAS, without which the engine lacks one thing; it is large, and loaded for this.
   */
  void examineCublas() {
    if (driver != null) {
      details.add(new CublasSupply(finder, driverVersion).describe());
    }
  }

  private void examineCufft() {
    LibrarySearch search = finder.cufft(library -> unfit(library, driverVersion));
    FoundLibrary library = search.found();
    if (library == null) {
      obstacles.add(
          new Obstacle(
              "cuFFT",
              "not found; looked in\n    " + search.report(),
              "install the CUDA toolkit or the Python wheel nvidia-cufft, or give -D%s=PATH"
                  .formatted(LibraryFinder.CUFFT_PROPERTY)));
      return;
    }
    Cufft bound = binding(library);
    if (bound == null) {
      return;
    }
    cufft = bound;
    int version = bound.getVersion();
    details.add(
        "cuFFT %d.%d.%d (%s)"
            .formatted(version / 1000, version % 1000 / 100, version % 100, bound.library()));
    KernelSupply supply = kernels;
    CallbackSurvey survey = CallbackSurvey.examine(bound, supply == null ? 0 : supply.toolkit());
    callbacks = survey.images();
    Obstacle obstacle = survey.obstacle();
    if (obstacle != null) {
      obstacles.add(obstacle);
    } else if (callbacks != null) {
      details.add("cuFFT's link-time callbacks are on");
      loadLinker("nvJitLink", finder::nvJitLink, version / 1000 + 1);
      loadLinker("NVRTC", finder::nvrtc, version / 1000 + 1);
    }
  }

  /**
   * Loads what cuFFT needs to link callbacks. It looks for them by name, in its own folder and
   * where the loader does; what is loaded already it takes from wherever it lies.
   *
   * @param cuda major version of the CUDA that cuFFT belongs to; another's would not do
   */
  private void loadLinker(
      String name,
      Function<Function<FoundLibrary, @Nullable String>, LibrarySearch> search,
      int cuda) {
    FoundLibrary library =
        search
            .apply(
                found ->
                    found.path().contains(".so.") && !found.path().contains(".so." + cuda)
                        ? "it does not belong to CUDA " + cuda
                        : null)
            .found();
    details.add(
        library == null
            ? "%s of CUDA %d, which the callbacks need, was not found; cuFFT looks for it itself"
                .formatted(name, cuda)
            : "%s (%s)".formatted(name, library.path()));
  }

  /** cuFFT through the binding that the property names, or null with an obstacle. */
  private @Nullable Cufft binding(FoundLibrary library) {
    String wanted = System.getProperty(BINDING_PROPERTY, "panama");
    String patience = System.getProperty(PATIENT_PROPERTY, "off");
    boolean patient = patience.equals("on");
    if (!patient && !patience.equals("off")) {
      obstacles.add(
          new Obstacle(
              "cuFFT's patience",
              "-D%s=%s is unknown".formatted(PATIENT_PROPERTY, patience),
              "use on or off"));
      return null;
    }
    if (patient && !wanted.equals("panama")) {
      obstacles.add(
          new Obstacle(
              "cuFFT's patience",
              "%s cannot ask for it".formatted(wanted),
              "bind cuFFT by panama, or give -D%s=off".formatted(PATIENT_PROPERTY)));
      return null;
    }
    if (wanted.equals("panama")) {
      try {
        PanamaCufft bound = new PanamaCufft(library, patient);
        if (patient) {
          details.add("cuFFT compiles its plans patiently");
        }
        return bound;
      } catch (FourierException e) {
        obstacles.add(
            new Obstacle(
                "cuFFT's patience",
                String.valueOf(e.getMessage()),
                "install the cuFFT of CUDA 12 or later, or give -D%s=off"
                    .formatted(PATIENT_PROPERTY)));
        return null;
      }
    }
    if (!wanted.equals("jcufft")) {
      obstacles.add(
          new Obstacle(
              "the binding of cuFFT",
              "-D%s=%s is unknown".formatted(BINDING_PROPERTY, wanted),
              "use panama or jcufft"));
      return null;
    }
    try {
      return new JCufftTransforms(library);
    } catch (LinkageError | IllegalStateException e) {
      obstacles.add(
          new Obstacle(
              "JCufft",
              e.toString(),
              "add org.jcuda:jcufft and its natives 11.8.0, and the cuFFT %d of CUDA 11 with -D%s"
                  .formatted(JCUFFT_WANTS, LibraryFinder.CUFFT_PROPERTY)));
      return null;
    }
  }

  /** Why a cuFFT cannot be used with a driver; null if it can, or if there is no driver to ask. */
  private static @Nullable String unfit(FoundLibrary library, int driverVersion) {
    try {
      return unfit(new PanamaCufft(library).getVersion(), driverVersion);
    } catch (FourierException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * Why a cuFFT cannot be used with a driver: cuFFT 10, 11 and 12 belong to CUDA 11, 12 and 13, and
   * need a driver of at least that major version.
   *
   * @param cufftVersion as that cuFFT tells it
   * @param driverVersion as the driver tells it, or 0
   */
  static @Nullable String unfit(int cufftVersion, int driverVersion) {
    int needed = cufftVersion / 1000 + 1;
    if (needed < 11) {
      return "it is cuFFT %d.%d, older than CUDA 11"
          .formatted(cufftVersion / 1000, cufftVersion % 1000 / 100);
    }
    if (driverVersion != 0 && driverVersion / 1000 < needed) {
      return "it belongs to CUDA %d, but the driver knows only CUDA %s"
          .formatted(needed, KernelImage.versionText(driverVersion));
    }
    return null;
  }

  /** The result: an engine on exactly what was found, or all that stands in its way. */
  EngineCandidate candidate() {
    String name = "cuda:" + ordinal;
    CudaDriver boundDriver = driver;
    Cufft boundCufft = cufft;
    CudaDevice found = device;
    KernelSupply supply = kernels;
    if (!obstacles.isEmpty()
        || boundDriver == null
        || boundCufft == null
        || found == null
        || supply == null) {
      boolean gpu = visible < 0 ? DeviceFiles.showDevice(Path.of("/")) : visible > 0;
      return EngineCandidate.unavailable(name, obstacles, gpu);
    }
    return EngineCandidate.available(
        name,
        details,
        selection ->
            CudaEngine.open(
                boundDriver,
                boundCufft,
                new CublasSupply(finder, driverVersion),
                found,
                supply.image(),
                callbacks,
                selection));
  }
}
