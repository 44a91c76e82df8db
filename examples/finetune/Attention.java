/**
 * Attention of every token to all tokens of its image, in several heads, after the projections and
 * before the one that joins the heads; remembers its last inputs.
 */
final class Attention {
  private final int heads;
  private final int tokensPerImage;
  private Tokens q = Tokens.zeros(0, 1);
  private Tokens k = q;
  private Tokens v = q;

  /** By image, head, asking token, asked token. */
  private float[] shares = new float[0];

  Attention(int heads, int tokensPerImage) {
    this.heads = heads;
    this.tokensPerImage = tokensPerImage;
  }

  Tokens forward(Tokens queries, Tokens keys, Tokens values) {
    q = queries;
    k = keys;
    v = values;
    int images = q.count() / tokensPerImage;
    int size = q.width() / heads;
    shares = new float[images * heads * tokensPerImage * tokensPerImage];
    Tokens y = Tokens.zeros(q.count(), q.width());
    for (int image = 0; image < images; image++) {
      for (int head = 0; head < heads; head++) {
        for (int t = 0; t < tokensPerImage; t++) {
          int row = row(image, head, t);
          for (int s = 0; s < tokensPerImage; s++) {
            shares[row + s] =
                (float) (dot(q, at(image, t, head), k, at(image, s, head)) / Math.sqrt(size));
          }
          softmax(shares, row, tokensPerImage);
          for (int s = 0; s < tokensPerImage; s++) {
            add(y, at(image, t, head), shares[row + s], v, at(image, s, head));
          }
        }
      }
    }
    return y;
  }

  /** The gradients of queries, keys and values. */
  Gradients backward(Tokens g) {
    int images = q.count() / tokensPerImage;
    double scale = 1 / Math.sqrt((double) q.width() / heads);
    Gradients gradients = Gradients.zeros(q);
    float[] slopes = new float[tokensPerImage];
    for (int image = 0; image < images; image++) {
      for (int head = 0; head < heads; head++) {
        for (int t = 0; t < tokensPerImage; t++) {
          int row = row(image, head, t);
          double mean = 0;
          for (int s = 0; s < tokensPerImage; s++) {
            slopes[s] = (float) dot(g, at(image, t, head), v, at(image, s, head));
            mean += slopes[s] * shares[row + s];
            add(gradients.v, at(image, s, head), shares[row + s], g, at(image, t, head));
          }
          for (int s = 0; s < tokensPerImage; s++) {
            double score = shares[row + s] * (slopes[s] - mean) * scale;
            add(gradients.q, at(image, t, head), score, k, at(image, s, head));
            add(gradients.k, at(image, s, head), score, q, at(image, t, head));
          }
        }
      }
    }
    return gradients;
  }

  static void softmax(float[] scores, int from, int count) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = from; i < from + count; i++) {
      largest = Math.max(largest, scores[i]);
    }
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += Math.exp(scores[i] - largest);
    }
    for (int i = from; i < from + count; i++) {
      scores[i] = (float) (Math.exp(scores[i] - largest) / sum);
    }
  }

  private int row(int image, int head, int token) {
    return ((image * heads + head) * tokensPerImage + token) * tokensPerImage;
  }

  private int at(int image, int token, int head) {
    return (image * tokensPerImage + token) * q.width() + head * (q.width() / heads);
  }

  private double dot(Tokens a, int from, Tokens b, int other) {
    double sum = 0;
    for (int i = 0; i < q.width() / heads; i++) {
      sum += a.values()[from + i] * b.values()[other + i];
    }
    return sum;
  }

  private void add(Tokens to, int at, double factor, Tokens from, int start) {
    for (int i = 0; i < q.width() / heads; i++) {
      to.values()[at + i] += (float) (factor * from.values()[start + i]);
    }
  }

  /**
   * What a backward pass gives.
   *
   * @param q of the queries
   * @param k of the keys
   * @param v of the values
   */
  record Gradients(Tokens q, Tokens k, Tokens v) {
    static Gradients zeros(Tokens like) {
      return new Gradients(
          Tokens.zeros(like.count(), like.width()),
          Tokens.zeros(like.count(), like.width()),
          Tokens.zeros(like.count(), like.width()));
    }
  }
}
