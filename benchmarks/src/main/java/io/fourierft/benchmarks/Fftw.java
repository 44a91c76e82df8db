package io.fourierft.benchmarks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * FFTW in single precision, where it is installed (Debian: libfftw3-single3). Plans measure before
 * they choose. Not thread-safe, but for {@link Plan#run}.
 */
final class Fftw implements AutoCloseable {
  private static final int FFTW_MEASURE = 0;
  private static final int FFTW_BACKWARD = 1;
  private static final Linker LINKER = Linker.nativeLinker();

  private final Arena arena;
  private final SymbolLookup library;
  private final MethodHandle execute;
  private final MethodHandle destroy;

  private Fftw(Arena arena, SymbolLookup library) {
    this.arena = arena;
    this.library = library;
    this.execute = handle("fftwf_execute", FunctionDescriptor.ofVoid(ADDRESS));
    this.destroy = handle("fftwf_destroy_plan", FunctionDescriptor.ofVoid(ADDRESS));
  }

  /**
   * Loads the libraries and sets the threads of all plans.
   *
   * @throws IllegalArgumentException if they cannot be found
   */
  static Fftw open(int threads) {
    Arena arena = Arena.ofShared();
    try {
      SymbolLookup library =
          SymbolLookup.libraryLookup("libfftw3f.so.3", arena)
              .or(SymbolLookup.libraryLookup("libfftw3f_threads.so.3", arena));
      Fftw opened = new Fftw(arena, library);
      opened.setThreads(threads);
      return opened;
    } catch (IllegalArgumentException e) {
      arena.close();
      throw e;
    }
  }

  /** {@code count} contiguous inverse C2C transforms of {@code length}, in place. */
  Plan complex(int length, int count) {
    // fftwf_plan fftwf_plan_many_dft(int rank, const int *n, int howmany, fftwf_complex *in, const
    //     int *inembed, int istride, int idist, fftwf_complex *out, const int *onembed,
    //     int ostride, int odist, int sign, unsigned flags)
    MethodHandle plan =
        handle(
            "fftwf_plan_many_dft",
            FunctionDescriptor.of(
                ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS,
                ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    Arena memory = Arena.ofShared();
    MemorySegment data = memory.allocate(8L * length * count, 64);
    MemorySegment n = memory.allocateFrom(JAVA_INT, length);
    try {
      MemorySegment made =
          (MemorySegment)
              plan.invokeExact(
                  1,
                  n,
                  count,
                  data,
                  MemorySegment.NULL,
                  1,
                  length,
                  data,
                  MemorySegment.NULL,
                  1,
                  length,
                  FFTW_BACKWARD,
                  FFTW_MEASURE);
      return new Plan(memory, made);
    } catch (Throwable e) {
      throw failed("fftwf_plan_many_dft", e);
    }
  }

  /** {@code count} C2R transforms to rows of {@code length} floats. */
  Plan complexToReal(int length, int count) {
    return real("fftwf_plan_many_dft_c2r", length, count, length / 2 + 1, length);
  }

  /** {@code count} R2C transforms of rows of {@code length} floats. */
  Plan realToComplex(int length, int count) {
    return real("fftwf_plan_many_dft_r2c", length, count, length, length / 2 + 1);
  }

  private Plan real(String function, int length, int count, int inDistance, int outDistance) {
    // fftwf_plan fftwf_plan_many_dft_r2c(int rank, const int *n, int howmany, float *in, const int
    //     *inembed, int istride, int idist, fftwf_complex *out, const int *onembed, int ostride,
    //     int odist, unsigned flags), and c2r with the types exchanged
    MethodHandle plan =
        handle(
            function,
            FunctionDescriptor.of(
                ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS,
                ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT));
    Arena memory = Arena.ofShared();
    MemorySegment in = memory.allocate(8L * Math.max(1, inDistance) * count, 64);
    MemorySegment out = memory.allocate(8L * Math.max(1, outDistance) * count, 64);
    MemorySegment n = memory.allocateFrom(JAVA_INT, length);
    try {
      MemorySegment made =
          (MemorySegment)
              plan.invokeExact(
                  1,
                  n,
                  count,
                  in,
                  MemorySegment.NULL,
                  1,
                  inDistance,
                  out,
                  MemorySegment.NULL,
                  1,
                  outDistance,
                  FFTW_MEASURE);
      return new Plan(memory, made);
    } catch (Throwable e) {
      throw failed(function, e);
    }
  }

  @Override
  public void close() {
    arena.close();
  }

  private void setThreads(int threads) {
    MethodHandle initialise = handle("fftwf_init_threads", FunctionDescriptor.of(JAVA_INT));
    MethodHandle plan = handle("fftwf_plan_with_nthreads", FunctionDescriptor.ofVoid(JAVA_INT));
    int done;
    try {
      done = (int) initialise.invokeExact();
      plan.invokeExact(threads);
    } catch (Throwable e) {
      throw failed("fftwf_plan_with_nthreads", e);
    }
    if (done == 0) {
      throw new IllegalStateException("fftwf_init_threads returned 0");
    }
  }

  private MethodHandle handle(String name, FunctionDescriptor type) {
    MemorySegment symbol =
        library
            .find(name)
            .orElseThrow(() -> new IllegalArgumentException("FFTW has no function " + name));
    return LINKER.downcallHandle(symbol, type);
  }

  private static IllegalStateException failed(String function, Throwable cause) {
    return new IllegalStateException(function + " could not be called", cause);
  }

  /** A plan and the memory that it works on. */
  final class Plan implements AutoCloseable {
    private final Arena memory;
    private final MemorySegment handle;

    private Plan(Arena memory, MemorySegment handle) {
      if (handle.address() == 0) {
        memory.close();
        throw new IllegalStateException("FFTW made no plan");
      }
      this.memory = memory;
      this.handle = handle;
    }

    void run() {
      try {
        execute.invokeExact(handle);
      } catch (Throwable e) {
        throw failed("fftwf_execute", e);
      }
    }

    @Override
    public void close() {
      try {
        destroy.invokeExact(handle);
      } catch (Throwable e) {
        throw failed("fftwf_destroy_plan", e);
      }
      memory.close();
    }
  }
}
