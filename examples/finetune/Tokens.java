import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.model.ModelPass;

/**
 * Activations of many tokens, one row each.
 *
 * @param values row by row
 * @param count how many tokens
 * @param width features of each
 */
@SuppressWarnings("ArrayRecordComponent") // Of an example; nobody compares it.
record Tokens(float[] values, int count, int width) {
  static Tokens zeros(int count, int width) {
    return new Tokens(new float[count * width], count, width);
  }

  HostMatrix matrix() {
    return Matrix.of(values, count, width);
  }

  /** {@code x Wᵀ + b}, with the adapters of that layer. */
  Tokens through(ModelPass pass, String layer, int outputs) {
    Tokens y = zeros(count, outputs);
    pass.forward(layer, matrix(), y.matrix());
    return y;
  }

  /** The gradient of the layer's input, if this is that of its output. */
  Tokens back(ModelPass pass, String layer, int inputs) {
    Tokens gx = zeros(count, inputs);
    pass.backward(layer, matrix(), gx.matrix());
    return gx;
  }

  Tokens plus(Tokens other) {
    Tokens sum = zeros(count, width);
    for (int i = 0; i < values.length; i++) {
      sum.values[i] = values[i] + other.values[i];
    }
    return sum;
  }

  /**
   * Adds the sum of the rows but the first {@code skipped} of each {@code group}, as a bias has it.
   */
  void addSumTo(HostMatrix gradient, int skipped, int group) {
    for (int i = 0; i < width; i++) {
      double sum = 0;
      for (int t = 0; t < count; t++) {
        sum += t % group < skipped ? 0 : values[t * width + i];
      }
      gradient.set(0, i, (float) (gradient.get(0, i) + sum));
    }
  }

  /** A tensor of the model as numbers. */
  static float[] floats(Matrix tensor) {
    HostMatrix matrix = (HostMatrix) tensor;
    float[] numbers = new float[matrix.rows() * matrix.cols()];
    for (int r = 0; r < matrix.rows(); r++) {
      for (int c = 0; c < matrix.cols(); c++) {
        numbers[r * matrix.cols() + c] = matrix.get(r, c);
      }
    }
    return numbers;
  }
}
