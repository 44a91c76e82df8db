package scratch;

import io.fourierft.AdapterRouting;
import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.Matrix;
import io.fourierft.SpectralLocations;

/** Applies an adapter, by every way of packing a program, and says which kernels did it. */
public final class Program {
  private Program() {}

  /** Prints one line. */
  public static void main(String[] arguments) {
    System.out.println(run());
  }

  static String run() {
    try (FourierEngine engine = FourierEngine.create()) {
      FourierAdapter adapter =
          FourierAdapter.of(SpectralLocations.of(48, 64, 3, 777), new float[] {1, -2, 3}, 10);
      float[] x = new float[64];
      float[] y = new float[48];
      x[5] = 1;
      engine.apply(AdapterRouting.all(adapter), Matrix.of(x, 1, 64), Matrix.of(y, 1, 48));
      double sum = 0;
      for (float value : y) {
        sum += Math.abs(value);
      }
      return "%s, %s, sum %.4f"
          .formatted(
              Program.class.getModule().isNamed() ? "module" : "class path",
              String.valueOf(engine.selection()).contains("simd: taken") ? "simd" : "jtransforms",
              sum);
    }
  }
}
