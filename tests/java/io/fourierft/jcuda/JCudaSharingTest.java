package io.fourierft.jcuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.ElementType;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.Matrix;
import io.fourierft.PlanRounding;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaStream;
import io.fourierft.cuda.DeviceBuffer;
import io.fourierft.internal.cuda.EmulatedCuda;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** JCuda's pointers, streams and contexts as this library's and back, on the emulated driver. */
@Tag("emulated-cuda")
class JCudaSharingTest {
  private EmulatedCuda emulator;
  private CudaFourierEngine engine;
  private JCudaSharing sharing;

  @BeforeEach
  void open() {
    emulator = EmulatedCuda.require();
    engine = EmulatedCuda.open(0);
    sharing = new JCudaSharing(engine);
  }

  @AfterEach
  void close() {
    if (engine != null) {
      engine.close();
      emulator.assertNothingLeft();
    }
  }

  @Test
  void memoryIsSharedInBothDirections() {
    FourierAdapter adapter =
        FourierAdapter.of(SpectralLocations.of(9, 7, 12, 1), new float[12], 3)
            .withSpectrum(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    float[] expected = new float[63];
    engine.deltaWeights(List.of(adapter), List.of(Matrix.of(expected, 9, 7)));
    try (DeviceBuffer buffer = engine.newBuffer(ElementType.F32, 10, 7)) {
      CUdeviceptr pointer = sharing.pointer(buffer);
      CudaMatrix back = sharing.matrix(pointer, ElementType.F32, 10, 7);
      assertEquals(buffer.pointer(), back.pointer());
      // An offset moves the address, as in JCuda.
      CudaMatrix second = sharing.matrix(pointer.withByteOffset(28), ElementType.F32, 9, 7);
      assertEquals(buffer.pointer() + 28, second.pointer());
      engine.deltaWeights(List.of(adapter), List.of(second));
      float[] got = new float[63];
      engine.download(buffer.slice(1, 9), Matrix.of(got, 9, 7));
      PlanRounding.assertSame(expected, got);
    }
  }

  @Test
  void streamsAndTheContextAreShared() {
    try (CudaStream own = engine.newStream()) {
      CUstream theirs = sharing.stream(own);
      try (CudaStream back = sharing.stream(theirs);
          CudaStream runtime = sharing.stream(new cudaStream_t(theirs))) {
        assertEquals(own.handle(), back.handle());
        assertEquals(own.handle(), runtime.handle());
        back.synchronize();
      }
    }
    CUcontext context = sharing.context();
    assertTrue(sharing.isShared(context));
    assertFalse(sharing.isShared(new CUcontext()));
  }

  @Test
  void hostPointersAreRefused() {
    FourierException refusal =
        assertThrows(
            FourierException.class,
            () -> sharing.matrix(Pointer.to(new float[4]), ElementType.F32, 2, 2));
    assertTrue(String.valueOf(refusal.getMessage()).contains("is no device pointer"));
  }
}
