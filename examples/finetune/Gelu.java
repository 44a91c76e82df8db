/** The activation {@code x Φ(x)}, Φ the normal distribution function; remembers its last input. */
final class Gelu {
  private Tokens input = Tokens.zeros(0, 1);

  Tokens forward(Tokens x) {
    input = x;
    Tokens y = Tokens.zeros(x.count(), x.width());
    for (int i = 0; i < x.values().length; i++) {
      y.values()[i] = (float) (x.values()[i] * distribution(x.values()[i]));
    }
    return y;
  }

  Tokens backward(Tokens g) {
    Tokens gx = Tokens.zeros(g.count(), g.width());
    for (int i = 0; i < g.values().length; i++) {
      double x = input.values()[i];
      double density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      gx.values()[i] = (float) (g.values()[i] * (distribution(x) + x * density));
    }
    return gx;
  }

  /** Φ(x) = ½ + φ(x) Σ x^(2n+1) / (1·3·5···(2n+1)), whose terms have one sign. */
  private static double distribution(double x) {
    if (Math.abs(x) > 8) {
      return x > 0 ? 1 : 0;
    }
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-12 * Math.abs(sum); n++) {
      term *= x * x / (2 * n + 1);
      sum += term;
    }
    return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }
}
