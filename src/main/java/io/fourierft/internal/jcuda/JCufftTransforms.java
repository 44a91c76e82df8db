package io.fourierft.internal.jcuda;

import io.fourierft.cuda.CufftException;
import io.fourierft.internal.cuda.ffm.Cufft;
import io.fourierft.internal.cuda.ffm.FoundLibrary;
import io.fourierft.internal.cuda.ffm.PanamaCufft;
import io.fourierft.internal.cuda.ffm.PlanLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import jcuda.Pointer;
import jcuda.jcufft.JCufft;
import jcuda.jcufft.cufftHandle;
import jcuda.runtime.cudaStream_t;

/**
 * cuFFT through JCufft 11.8.0, to compare the two bindings. Its JNI library wants the cuFFT 10 of
 * CUDA 11 by the name {@code libcufft.so.10}; that one must be loaded first, or be where the loader
 * looks. Exceptions of JCuda must be off, as they are unless somebody turned them on.
 */
public final class JCufftTransforms implements Cufft {
  private final String library;
  private final NativeAddress addresses = new NativeAddress();
  private final Map<Integer, cufftHandle> plans = new ConcurrentHashMap<>();
  private final AtomicInteger lastPlan = new AtomicInteger();

  /**
   * Loads JCufft's JNI library.
   *
   * @param loaded the cuFFT that it will find, since it is loaded already
   * @throws UnsatisfiedLinkError if it cannot be loaded
   */
  public JCufftTransforms(FoundLibrary loaded) {
    JCufft.initialize();
    this.library = "JCufft on " + loaded.path();
  }

  @Override
  public String library() {
    return library;
  }

  @Override
  public int getVersion() {
    int[] version = new int[1];
    check(JCufft.cufftGetVersion(version), "cufftGetVersion", "reading the version");
    return version[0];
  }

  @Override
  public int create() {
    cufftHandle handle = new cufftHandle();
    check(JCufft.cufftCreate(handle), "cufftCreate", "creating a plan");
    int plan = lastPlan.incrementAndGet();
    plans.put(plan, handle);
    return plan;
  }

  private cufftHandle handle(int plan, String function) {
    cufftHandle handle = plans.get(plan);
    if (handle == null) {
      throw failure(1, function, "using plan " + plan);
    }
    return handle;
  }

  @Override
  public void destroy(int plan) {
    cufftHandle handle = handle(plan, "cufftDestroy");
    plans.remove(plan);
    check(JCufft.cufftDestroy(handle), "cufftDestroy", "freeing a plan");
  }

  @Override
  public void setAutoAllocation(int plan, boolean automatic) {
    String function = "cufftSetAutoAllocation";
    check(
        JCufft.cufftSetAutoAllocation(handle(plan, function), automatic ? 1 : 0),
        function,
        "turning a plan's own work area on or off");
  }

  @Override
  public boolean takesCallbacks() {
    return false;
  }

  @Override
  public void setJitCallback(
      int plan, MemorySegment symbol, MemorySegment image, int type, MemorySegment callerInfos) {
    throw new UnsupportedOperationException("JCufft 11.8.0 has no cufftXtSetJITCallback");
  }

  @Override
  public void setWorkArea(int plan, long pointer) {
    String function = "cufftSetWorkArea";
    check(
        JCufft.cufftSetWorkArea(handle(plan, function), at(pointer)),
        function,
        "giving a plan its work area");
  }

  @Override
  public void setStream(int plan, long stream) {
    String function = "cufftSetStream";
    check(
        JCufft.cufftSetStream(handle(plan, function), addresses.give(new cudaStream_t(), stream)),
        function,
        "giving a plan its stream");
  }

  @Override
  public long makePlanMany64(int plan, PlanLayout layout) {
    long[] work = new long[1];
    String function = "cufftMakePlanMany64";
    check(
        JCufft.cufftMakePlanMany64(
            handle(plan, function),
            layout.sizes().length,
            layout.sizes(),
            layout.input().embed(),
            layout.input().stride(),
            layout.input().distance(),
            layout.output().embed(),
            layout.output().stride(),
            layout.output().distance(),
            layout.type(),
            layout.batch(),
            work),
        function,
        "planning %d transforms of %s, type 0x%x"
            .formatted(layout.batch(), Arrays.toString(layout.sizes()), layout.type()));
    return work[0];
  }

  @Override
  public void execC2C(int plan, long input, long output, int direction) {
    String function = "cufftExecC2C";
    check(
        JCufft.cufftExecC2C(handle(plan, function), at(input), at(output), direction),
        function,
        "transforming complex to complex");
  }

  @Override
  public void execR2C(int plan, long input, long output) {
    String function = "cufftExecR2C";
    check(
        JCufft.cufftExecR2C(handle(plan, function), at(input), at(output)),
        function,
        "transforming real to complex");
  }

  @Override
  public void execC2R(int plan, long input, long output) {
    String function = "cufftExecC2R";
    check(
        JCufft.cufftExecC2R(handle(plan, function), at(input), at(output)),
        function,
        "transforming complex to real");
  }

  private Pointer at(long address) {
    return addresses.give(new Pointer(), address);
  }

  private void check(int code, String function, String doing) {
    if (code != 0) {
      throw failure(code, function, doing);
    }
  }

  private CufftException failure(int code, String function, String doing) {
    return new CufftException(library, function, code, PanamaCufft.codeName(code), doing);
  }
}
