package io.fourierft.internal.cuda.device;

import io.fourierft.internal.cuda.ffm.CudaDriver;

/**
 * One GPU.
 *
 * @param ordinal its number among the visible ones
 * @param handle the CUdevice
 * @param name the product's name
 * @param major compute capability, before the point
 * @param minor compute capability, after the point
 * @param multiprocessors streaming multiprocessors
 * @param totalBytes device memory
 */
public record CudaDevice(
    int ordinal,
    int handle,
    String name,
    int major,
    int minor,
    int multiprocessors,
    long totalBytes) {
  /** Reads the properties of device {@code ordinal}; needs no context. */
  public static CudaDevice read(CudaDriver driver, int ordinal) {
    int handle = driver.deviceGet(ordinal);
    return new CudaDevice(
        ordinal,
        handle,
        driver.deviceGetName(handle),
        driver.deviceGetAttribute(CudaDriver.COMPUTE_CAPABILITY_MAJOR, handle),
        driver.deviceGetAttribute(CudaDriver.COMPUTE_CAPABILITY_MINOR, handle),
        driver.deviceGetAttribute(CudaDriver.MULTIPROCESSOR_COUNT, handle),
        driver.deviceTotalMem(handle));
  }

  /** As in {@code cuda:0}. */
  public String engineName() {
    return "cuda:" + ordinal;
  }

  /** As in {@code sm_90}. */
  public String architecture() {
    return "sm_" + major + minor;
  }
}
