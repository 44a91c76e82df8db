import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_T;
import static jcuda.runtime.cudaMemcpyKind.cudaMemcpyHostToDevice;

import io.fourierft.AdapterRouting;
import io.fourierft.ElementType;
import io.fourierft.EngineOptions;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.SpectralLocations;
import io.fourierft.cuda.CudaFourierEngine;
import io.fourierft.cuda.CudaMatrix;
import io.fourierft.cuda.CudaStream;
import io.fourierft.jcuda.JCudaSharing;
import io.fourierft.training.ParameterGroup;
import io.fourierft.training.TrainableSpectrum;
import io.fourierft.training.Trainer;
import io.fourierft.training.TrainerOptions;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaStream_t;

/**
 * A program that lives on JCuda and JCublas trains a FourierFT adapter with this library, in place:
 * its own memory, its own stream, its own products, and between them the adapter's part. The layer
 * is y = W x; an adapter with the teacher's places learns the teacher's ΔW.
 *
 * <p>JCuda allocates and frees all memory and the stream. The library is given views, and enqueues
 * on that stream, so that nothing has to wait for anything but the loss that is printed.
 */
public final class JCudaTraining {
  private static final int COEFFICIENTS = 100;
  private static final int SEED = 2024;
  private static final EngineOptions OPTIONS = EngineOptions.defaults().withDevice("cuda");

  private final int tokens;
  private final int inputs;
  private final int outputs;
  private final cublasHandle blas = new cublasHandle();

  private JCudaTraining(int tokens, int inputs, int outputs) {
    this.tokens = tokens;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /**
   * Trains; {@code STEPS TOKENS INPUTS OUTPUTS} may say how much. The last line printed is the last
   * loss.
   */
  public static void main(String[] arguments) {
    int[] sizes = {60, 256, 96, 128};
    for (int i = 0; i < arguments.length; i++) {
      sizes[i] = Integer.parseInt(arguments[i]);
    }
    // First, since it says what a machine lacks, where JCuda's first call ends in an error code.
    FourierEngine.create(OPTIONS).close();
    requireNatives();
    new JCudaTraining(sizes[1], sizes[2], sizes[3]).run(sizes[0]);
  }

  /** Loads JCuda's native parts, or says what they want. */
  private static void requireNatives() {
    try {
      JCuda.setExceptionsEnabled(true);
      JCublas2.setExceptionsEnabled(true);
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "JCuda's native parts cannot be loaded. jcuda-natives and jcublas-natives of this"
              + " platform have to be on the class path, of the version of the two other jars, and"
              + " the CUDA libraries of that version where the system finds them: libcublas.so.11"
              + " for 11.8.0, libcublas.so.12 for 12.6.0, by LD_LIBRARY_PATH for instance",
          e);
    }
  }

  private void run(int steps) {
    // JCuda's runtime API works in the device's primary context, and so does the engine.
    cudaStream_t stream = new cudaStream_t();
    JCuda.cudaStreamCreate(stream);
    JCublas2.cublasCreate(blas);
    JCublas2.cublasSetStream(blas, stream);
    Pointer weight = upload(normal(outputs * inputs, 1));
    Pointer x = upload(normal(tokens * inputs, 2));
    Pointer wanted = upload(new float[tokens * outputs]);
    Pointer y = upload(new float[tokens * outputs]);
    try (FourierEngine any = FourierEngine.create(OPTIONS)) {
      CudaFourierEngine engine = CudaFourierEngine.of(any);
      JCudaSharing sharing = new JCudaSharing(engine);
      try (CudaStream shared = sharing.stream(stream)) {
        train(engine.on(shared), sharing, steps, weight, x, wanted, y);
        JCuda.cudaStreamSynchronize(stream);
      }
    } finally {
      // The engine has closed, so nobody computes with them any more.
      List.of(weight, x, wanted, y).forEach(JCuda::cudaFree);
      JCublas2.cublasDestroy(blas);
      JCuda.cudaStreamDestroy(stream);
    }
  }

  private void train(
      CudaFourierEngine engine,
      JCudaSharing sharing,
      int steps,
      Pointer weight,
      Pointer x,
      Pointer wanted,
      Pointer y) {
    CudaMatrix ourX = sharing.matrix(x, ElementType.F32, tokens, inputs);
    CudaMatrix ourY = sharing.matrix(y, ElementType.F32, tokens, outputs);
    CudaMatrix ourWanted = sharing.matrix(wanted, ElementType.F32, tokens, outputs);
    SpectralLocations places = SpectralLocations.of(outputs, inputs, COEFFICIENTS, SEED);
    double scaling = Math.sqrt((double) outputs * inputs);
    FourierAdapter teacher = FourierAdapter.of(places, normal(COEFFICIENTS, 3), scaling);
    FourierAdapter student = FourierAdapter.of(places, new float[COEFFICIENTS], scaling);

    product(weight, x, wanted);
    engine.apply(AdapterRouting.all(teacher), ourX, ourWanted);
    TrainableSpectrum spectrum = TrainableSpectrum.of("layer", engine, student);
    try (Trainer trainer =
        Trainer.of(
            engine,
            List.of(new ParameterGroup("spectra", List.of(spectrum), 0.1, 0)),
            TrainerOptions.defaults())) {
      AdapterRouting routing = AdapterRouting.all(spectrum.adapter());
      for (int step = 1; step <= steps; step++) {
        product(weight, x, y); // JCublas: y = x Wᵀ
        engine.apply(routing, ourX, ourY); // here: y += x ΔWᵀ
        subtract(wanted, y); // JCublas: the gradient of ½ |y − wanted|²
        if (step == 1 || step % 20 == 0 || step == steps) {
          say("step %3d  loss %.3e", step, loss(y));
        }
        engine.spectrumGradient(routing, ourX, ourY, List.of(spectrum.gradient()));
        trainer.batchDone();
      }
    }
  }

  /** {@code y = x Wᵀ}; JCublas has matrices by columns, so that ours are transposed to it. */
  private void product(Pointer weight, Pointer x, Pointer y) {
    JCublas2.cublasSgemm(
        blas,
        CUBLAS_OP_T,
        CUBLAS_OP_N,
        outputs,
        tokens,
        inputs,
        number(1),
        weight,
        inputs,
        x,
        inputs,
        number(0),
        y,
        outputs);
  }

  private void subtract(Pointer wanted, Pointer from) {
    JCublas2.cublasSaxpy(blas, tokens * outputs, number(-1), wanted, 1, from, 1);
  }

  /** Half of the mean square; waits for the stream, since the result is in host memory. */
  private double loss(Pointer difference) {
    float[] square = new float[1];
    JCublas2.cublasSdot(blas, tokens * outputs, difference, 1, difference, 1, Pointer.to(square));
    return 0.5 * square[0] / tokens / outputs;
  }

  private static Pointer number(float value) {
    return Pointer.to(new float[] {value});
  }

  private static Pointer upload(float[] values) {
    Pointer memory = new Pointer();
    JCuda.cudaMalloc(memory, 4L * values.length);
    JCuda.cudaMemcpy(memory, Pointer.to(values), 4L * values.length, cudaMemcpyHostToDevice);
    return memory;
  }

  private static float[] normal(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
