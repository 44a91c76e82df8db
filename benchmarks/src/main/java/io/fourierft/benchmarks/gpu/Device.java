package io.fourierft.benchmarks.gpu;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fourierft.FourierException;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.ffm.FoundLibrary;
import io.fourierft.internal.cuda.ffm.LibraryFinder;
import io.fourierft.internal.cuda.ffm.LibrarySearch;
import io.fourierft.internal.cuda.ffm.PanamaCudaDriver;
import io.fourierft.internal.cuda.ffm.PanamaCufft;

/**
 * The first CUDA device, through the engine's own bindings.
 *
 * @param driver the driver
 * @param cufft cuFFT
 * @param isEmulated whether the driver is the emulated one of the tests, whose times mean nothing
 */
record Device(CudaDriver driver, Cufft cufft, boolean isEmulated) {
  private static final int MULTIPROCESSORS = 16;
  private static final int L2_BYTES = 38;

  /**
   * Binds the libraries and starts the driver.
   *
   * @throws FourierException if one is not there, with the places looked in
   */
  static Device open() {
    LibraryFinder finder = new LibraryFinder();
    var driver = finder.driver();
    FoundLibrary driverLibrary = driver.found();
    if (driverLibrary == null) {
      throw new FourierException("no CUDA driver; looked in\n" + driver.report());
    }
    var cufft = finder.cufft(_ -> null);
    FoundLibrary cufftLibrary = cufft.found();
    if (cufftLibrary == null) {
      throw new FourierException("no cuFFT; looked in\n" + cufft.report());
    }
    Device device =
        new Device(
            new PanamaCudaDriver(driverLibrary),
            new PanamaCufft(cufftLibrary),
            driverLibrary.symbols().find("emu_live").isPresent());
    device.driver.init();
    return device;
  }

  /** What the device and the libraries say of themselves. */
  void describe(ObjectNode out) {
    LibraryFinder finder = new LibraryFinder();
    int handle = driver.deviceGet(0);
    int driverVersion = driver.driverGetVersion();
    int cufftVersion = cufft.getVersion();
    out.put("gpu", driver.deviceGetName(handle))
        .put("emulated", isEmulated)
        .put(
            "architecture",
            10 * driver.deviceGetAttribute(CudaDriver.COMPUTE_CAPABILITY_MAJOR, handle)
                + driver.deviceGetAttribute(CudaDriver.COMPUTE_CAPABILITY_MINOR, handle))
        .put("multiprocessors", driver.deviceGetAttribute(MULTIPROCESSORS, handle))
        .put("l2Bytes", isEmulated ? 0 : driver.deviceGetAttribute(L2_BYTES, handle))
        .put("memoryBytes", driver.deviceTotalMem(handle))
        .put("cudaOfDriver", driverVersion / 1000 + "." + driverVersion % 1000 / 10)
        .put(
            "cufft",
            "%d.%d.%d"
                .formatted(cufftVersion / 1000, cufftVersion % 1000 / 100, cufftVersion % 100))
        .put("driverLibrary", driver.library())
        .put("cufftLibrary", cufft.library())
        .put("nvrtcLibrary", path(finder.nvrtc(_ -> null)))
        .put("nvJitLinkLibrary", path(finder.nvJitLink(_ -> null)))
        .put("java", Runtime.version().toString());
  }

  private static String path(LibrarySearch search) {
    FoundLibrary library = search.found();
    return library == null ? "not found" : library.path();
  }
}
