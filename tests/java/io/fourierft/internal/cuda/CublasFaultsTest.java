package io.fourierft.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.DeviceOperations;
import io.fourierft.FourierException;
import io.fourierft.WeightLayout;
import io.fourierft.cuda.CublasException;
import io.fourierft.cuda.CudaException;
import io.fourierft.cuda.CudaOutOfMemoryException;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.cuda.DeviceLostException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Failures of cuBLAS that have a meaning of their own. */
class CublasFaultsTest extends EmulatedEngineTest {
  private static final int TOKENS = 4;
  private static final int ILLEGAL_ADDRESS = 700;

  private DeviceBuffer x;
  private DeviceBuffer weight;
  private DeviceBuffer y;

  @BeforeEach
  void upload() {
    x = onDevice(floats(TOKENS * COLS, 1), TOKENS, COLS);
    weight = onDevice(floats(ROWS * COLS, 2), ROWS, COLS);
    y = onDevice(new float[TOKENS * ROWS], TOKENS, ROWS);
    engine.synchronize();
  }

  @AfterEach
  void giveBack() {
    emulator.clearFaults();
    x.close();
    weight.close();
    y.close();
  }

  private void multiply() {
    engine.deviceOperations().multiply(x, weight, WeightLayout.OUT_IN, null, y);
  }

  private float[] expected() {
    float[] left = floats(TOKENS * COLS, 1);
    float[] right = floats(ROWS * COLS, 2);
    float[] sums = new float[TOKENS * ROWS];
    for (int i = 0; i < sums.length; i++) {
      double sum = 0;
      for (int q = 0; q < COLS; q++) {
        sum += (double) left[i / ROWS * COLS + q] * right[i % ROWS * COLS + q];
      }
      sums[i] = (float) sum;
    }
    return sums;
  }

  private void requireRight() {
    assertArrayEquals(expected(), toHost(y), 1e-5f);
  }

  @Test
  void aHandleThatFindsNoMemoryIsMadeOnceThereIsRoom() {
    emulator.fail("cublasCreate_v2", 1, CublasException.ALLOCATION_FAILED);
    multiply();
    requireRight();
    assertEquals(1, emulator.live("blas"));
  }

  @Test
  void whereThereIsNeverRoomTheErrorSaysWhatWasComputed() {
    for (int nth = 1; nth <= 8; nth++) {
      emulator.fail("cublasCreate_v2", nth, CublasException.ALLOCATION_FAILED);
    }
    CudaOutOfMemoryException failure = assertThrows(CudaOutOfMemoryException.class, this::multiply);
    assertTrue(
        String.valueOf(failure.getMessage()).contains("multiplying tokens of 18 features to 22"),
        failure.getMessage());
    assertTrue(failure.getCause() instanceof CublasException cause && cause.isOutOfMemory());
    emulator.clearFaults();
    assertArrayEquals(new float[TOKENS * ROWS], toHost(y));
    multiply();
    requireRight();
  }

  @Test
  void aFailedProductNamesTheFunctionTheCodeAndTheSizes() {
    multiply();
    emulator.fail("cublasGemmEx", 1, 13);
    CublasException failure = assertThrows(CublasException.class, this::multiply);
    assertEquals("cublasGemmEx", failure.function());
    assertEquals("CUBLAS_STATUS_EXECUTION_FAILED", failure.codeName());
    assertEquals(13, failure.code());
    assertFalse(failure.isOutOfMemory());
    assertEquals("multiplying 22 x 18 by 18 x 4", failure.doing());
    multiply();
    requireRight();
  }

  @Test
  void aHandleThatCannotBeSetUpIsGivenBack() {
    for (String function :
        new String[] {"cublasSetMathMode", "cublasSetStream_v2", "cublasSetWorkspace_v2"}) {
      emulator.fail(function, 1, 7);
      assertThrows(CublasException.class, this::multiply);
      assertEquals(0, emulator.live("blas"), function);
    }
    multiply();
    requireRight();
  }

  @Test
  void aHandleThatIsNotGivenBackAtOnceIsGivenBackLater() {
    try (CudaStream stream = engine.newStream()) {
      engine.on(stream).deviceOperations().multiply(x, weight, WeightLayout.OUT_IN, null, y);
      emulator.fail("cublasDestroy_v2", 1, 14);
    }
    assertEquals(0, emulator.live("blas"));
    requireRight();
  }

  /** On a lost device cuBLAS only says that something went wrong inside. */
  @Test
  void aLostDeviceIsToldAsWhatItIs() {
    multiply();
    emulator.loseDevice(0, ILLEGAL_ADDRESS);
    CudaException failure = assertThrows(CudaException.class, this::multiply);
    assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", failure.codeName());
    assertThrows(DeviceLostException.class, this::multiply);
  }

  @Test
  void aCublasThatIsTooNewForTheDriverIsNotTaken() {
    try {
      emulator.environment("EMULATED_CUBLAS_VERSION", "140000");
      String message =
          String.valueOf(assertThrows(FourierException.class, this::multiply).getMessage());
      assertTrue(
          message.contains("it belongs to CUDA 14, but the driver knows only CUDA 13.0"), message);
    } finally {
      emulator.environment("EMULATED_CUBLAS_VERSION", null);
    }
    multiply();
    requireRight();
  }

  /** The same stream, one handle; another stream has its own. */
  @Test
  void everyStreamHasAHandleAndProductsOfManyThreadsAreRight() throws InterruptedException {
    DeviceOperations products = engine.deviceOperations();
    Thread[] threads = new Thread[4];
    boolean[] right = new boolean[threads.length];
    for (int i = 0; i < threads.length; i++) {
      int number = i;
      threads[i] =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (CudaStream stream = engine.newStream();
                        DeviceBuffer own = onDevice(new float[TOKENS * ROWS], TOKENS, ROWS)) {
                      engine.synchronize();
                      boolean shared = number % 2 == 0;
                      DeviceOperations mine =
                          shared ? products : engine.on(stream).deviceOperations();
                      for (int pass = 0; pass < 20; pass++) {
                        mine.multiply(x, weight, WeightLayout.OUT_IN, null, own);
                      }
                      mine.synchronize();
                      float[] found = toHost(own);
                      float[] wanted = expected();
                      boolean all = found.length == wanted.length;
                      for (int k = 0; k < found.length; k++) {
                        all &= Math.abs(found[k] - wanted[k]) < 1e-5f;
                      }
                      right[number] = all;
                    }
                  });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    boolean[] every = new boolean[threads.length];
    Arrays.fill(every, true);
    assertArrayEquals(every, right);
    assertEquals(1, emulator.live("blas"));
  }
}
