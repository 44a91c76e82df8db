import io.fourierft.HostMatrix;
import io.fourierft.model.AdaptedModel;
import io.fourierft.model.ModelPass;

/**
 * Layer normalisation with a frozen gain, and a bias that may be trained; remembers its last input.
 */
final class LayerNorm {
  private final String bias;
  private final float[] gain;
  private final double epsilon;
  private Tokens normalised = Tokens.zeros(0, 1);
  private double[] deviations = new double[0];

  LayerNorm(AdaptedModel model, String path, double epsilon) {
    this.bias = path + ".bias";
    this.gain = Tokens.floats(model.tensor(path + ".weight"));
    this.epsilon = epsilon;
  }

  Tokens forward(ModelPass pass, Tokens x) {
    float[] shift = Tokens.floats(pass.tensor(bias));
    Tokens y = Tokens.zeros(x.count(), x.width());
    normalised = Tokens.zeros(x.count(), x.width());
    deviations = new double[x.count()];
    for (int t = 0; t < x.count(); t++) {
      int at = t * x.width();
      double mean = 0;
      for (int i = 0; i < x.width(); i++) {
        mean += x.values()[at + i];
      }
      mean /= x.width();
      double variance = 0;
      for (int i = 0; i < x.width(); i++) {
        double distance = x.values()[at + i] - mean;
        variance += distance * distance;
      }
      deviations[t] = Math.sqrt(variance / x.width() + epsilon);
      for (int i = 0; i < x.width(); i++) {
        float n = (float) ((x.values()[at + i] - mean) / deviations[t]);
        normalised.values()[at + i] = n;
        y.values()[at + i] = n * gain[i] + shift[i];
      }
    }
    return y;
  }

  Tokens backward(ModelPass pass, Tokens g) {
    if (pass.gradient(bias) instanceof HostMatrix gradient) {
      g.addSumTo(gradient, 0, 1);
    }
    Tokens gx = Tokens.zeros(g.count(), g.width());
    for (int t = 0; t < g.count(); t++) {
      int at = t * g.width();
      double mean = 0;
      double slope = 0;
      for (int i = 0; i < g.width(); i++) {
        double scaled = g.values()[at + i] * gain[i];
        mean += scaled;
        slope += scaled * normalised.values()[at + i];
      }
      mean /= g.width();
      slope /= g.width();
      for (int i = 0; i < g.width(); i++) {
        double scaled = g.values()[at + i] * gain[i];
        gx.values()[at + i] =
            (float) ((scaled - mean - slope * normalised.values()[at + i]) / deviations[t]);
      }
    }
    return gx;
  }
}
