/** Layer normalisation with a frozen gain and shift; remembers its last input. */
final class LayerNorm {
  private final float[] gain;
  private final float[] shift;
  private final double epsilon;
  private Tokens normalised = Tokens.zeros(0, 1);
  private double[] deviations = new double[0];

  LayerNorm(float[] gain, float[] shift, double epsilon) {
    this.gain = gain;
    this.shift = shift;
    this.epsilon = epsilon;
  }

  Tokens forward(Tokens x) {
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

  Tokens backward(Tokens g) {
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
