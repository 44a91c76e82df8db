package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fourierft.cuda.CudaException;
import io.fourierft.cuda.CufftException;
import io.fourierft.cuda.DeviceLostException;
import io.fourierft.internal.cuda.device.CudaContext;
import io.fourierft.internal.cuda.device.CudaDevice;
import io.fourierft.internal.cuda.ffm.CudaDriver;
import io.fourierft.internal.cuda.ffm.CudaMemory;
import java.lang.reflect.Proxy;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Whom a context blames for a failure of cuFFT. */
class CudaContextTest {
  private final CufftException internal =
      new CufftException("libcufft", "cufftCreate", 5, "CUFFT_INTERNAL_ERROR", "creating a plan");

  private static CudaContext context(Supplier<CudaMemory.MemoryInfo> memGetInfo) {
    CudaDriver driver =
        (CudaDriver)
            Proxy.newProxyInstance(
                CudaContextTest.class.getClassLoader(),
                new Class<?>[] {CudaDriver.class},
                (_, method, _) ->
                    switch (method.getName()) {
                      case "memGetInfo" -> memGetInfo.get();
                      case "devicePrimaryCtxRetain", "ctxPopCurrent" -> 1L;
                      default -> null;
                    });
    return new CudaContext(driver, new CudaDevice(0, 0, "a GPU", 9, 0, 80, 1L << 34));
  }

  private void fail(CudaContext context) {
    context.run(
        () -> {
          throw internal;
        });
  }

  @Test
  void aLostDeviceIsBlamedWhereCufftNamesNoCause() {
    CudaException illegal =
        new CudaException(
            "libcuda", "cuMemGetInfo_v2", 700, "CUDA_ERROR_ILLEGAL_ADDRESS", "asking for memory");
    CudaContext context =
        context(
            () -> {
              throw illegal;
            });
    assertSame(illegal, assertThrows(CudaException.class, () -> fail(context)));
    assertSame(internal, illegal.getSuppressed()[0]);
    DeviceLostException lost = assertThrows(DeviceLostException.class, () -> context.run(() -> {}));
    assertEquals(illegal, lost.getCause());
  }

  @Test
  void onAHealthyDeviceTheFailureIsThatOfCufft() {
    CudaContext context = context(() -> new CudaMemory.MemoryInfo(1, 2));
    assertSame(internal, assertThrows(CufftException.class, () -> fail(context)));
    context.run(() -> {});
  }

  @Test
  void anotherFailureOfTheDriverDoesNotHideThatOfCufft() {
    CudaContext context =
        context(
            () -> {
              throw new CudaException(
                  "libcuda", "cuMemGetInfo_v2", 901, "CUDA_ERROR_STREAM_CAPTURE", "asking");
            });
    assertSame(internal, assertThrows(CufftException.class, () -> fail(context)));
    context.run(() -> {});
  }
}
