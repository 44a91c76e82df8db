package io.fourierft.internal.cuda.blas;

import io.fourierft.FourierException;
import io.fourierft.internal.cuda.ffm.Cublas;
import io.fourierft.internal.cuda.ffm.FoundLibrary;
import io.fourierft.internal.cuda.ffm.LibraryFinder;
import io.fourierft.internal.cuda.ffm.LibrarySearch;
import io.fourierft.internal.cuda.ffm.PanamaCublas;
import org.jspecify.annotations.Nullable;

/**
 * cuBLAS, looked for and loaded when it is first wanted: it is large, and only the base product of
 * a layer needs it. Thread-safe.
 */
public final class CublasSupply {
  private static final String REMEDY =
      "install the CUDA toolkit or the Python wheel nvidia-cublas, or give -D%s=PATH"
          .formatted(LibraryFinder.CUBLAS_PROPERTY);

  private final LibraryFinder finder;
  private final int driverVersion;
  private @Nullable Cublas cublas;

  /**
   * Looks nowhere yet.
   *
   * @param driverVersion 1000·major + 10·minor of the newest CUDA that the driver knows
   */
  public CublasSupply(LibraryFinder finder, int driverVersion) {
    this.finder = finder;
    this.driverVersion = driverVersion;
  }

  /**
   * cuBLAS. Where it is missing, the next call looks again.
   *
   * @throws FourierException with every place that was looked in
   */
  public synchronized Cublas require() {
    Cublas known = cublas;
    if (known != null) {
      return known;
    }
    LibrarySearch search = search();
    FoundLibrary library = search.found();
    if (library == null) {
      throw new FourierException(
          "products with a weight in device memory need cuBLAS, which was not found; "
              + REMEDY
              + "; looked in\n    "
              + search.report());
    }
    Cublas bound = new PanamaCublas(library);
    cublas = bound;
    return bound;
  }

  /** What a user is told of it, in one line; looks for it. */
  public String describe() {
    FoundLibrary library = search().found();
    if (library == null) {
      return "no cuBLAS, which layers over device memory need for their base product; " + REMEDY;
    }
    int version = new PanamaCublas(library).getVersion();
    return "cuBLAS %d.%d.%d (%s)"
        .formatted(version / 10000, version / 100 % 100, version % 100, library.path());
  }

  private LibrarySearch search() {
    return finder.cublas(library -> unfit(library, driverVersion));
  }

  private static @Nullable String unfit(FoundLibrary library, int driverVersion) {
    try {
      return unfit(new PanamaCublas(library).getVersion(), driverVersion);
    } catch (FourierException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * Why a cuBLAS cannot be used with a driver: its major version is that of its CUDA, and needs a
   * driver of at least that.
   *
   * @param version as that cuBLAS tells it
   * @param driverVersion as the driver tells it
   */
  static @Nullable String unfit(int version, int driverVersion) {
    int cuda = version / 10000;
    if (cuda < 11) {
      return "it is of CUDA %d, older than CUDA 11".formatted(cuda);
    }
    if (driverVersion / 1000 < cuda) {
      return "it belongs to CUDA %d, but the driver knows only CUDA %d.%d"
          .formatted(cuda, driverVersion / 1000, driverVersion % 1000 / 10);
    }
    return null;
  }
}
