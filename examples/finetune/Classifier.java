import io.fourierft.HostMatrix;
import io.fourierft.Matrix;
import io.fourierft.model.AdaptedModel;
import io.fourierft.model.ModelPass;

/**
 * A vision transformer that classifies images, as transformers' {@code ViTForImageClassification}:
 * patches of 2 × 2 become tokens, the encoder's layers follow, and a head reads the first token.
 * Trained are the adapters in the layers, the head and, if the adapter asks for them, biases.
 */
final class Classifier {
  private static final int PATCH = 2;
  private static final int HEADS = 4;
  private static final double EPSILON = 1e-5;
  private static final String PATCH_BIAS = "vit.embeddings.patch_embeddings.projection.bias";
  private static final String WEIGHT = "classifier.weight";
  private static final String BIAS = "classifier.bias";

  private final float[] projection;
  private final float[] positions;
  private final float[] first;
  private final EncoderLayer[] layers;
  private final LayerNorm last;
  private final int width;
  private final int tokensPerImage = 1 + (Digits.SIDE / PATCH) * (Digits.SIDE / PATCH);
  private Tokens features = Tokens.zeros(0, 1);

  Classifier(AdaptedModel model, int depth) {
    String embeddings = "vit.embeddings.";
    projection = Tokens.floats(model.tensor(embeddings + "patch_embeddings.projection.weight"));
    positions = Tokens.floats(model.tensor(embeddings + "position_embeddings"));
    first = Tokens.floats(model.tensor(embeddings + "cls_token"));
    width = first.length;
    layers = new EncoderLayer[depth];
    for (int i = 0; i < depth; i++) {
      layers[i] = new EncoderLayer(model, "vit.layers." + i, HEADS, tokensPerImage, EPSILON);
    }
    last = new LayerNorm(model, "vit.layernorm", EPSILON);
  }

  /** Tokens of a batch of images. */
  int tokens(int images) {
    return images * tokensPerImage;
  }

  /** The scores of the classes, one row an image. */
  Tokens forward(ModelPass pass, Digits batch) {
    Tokens x = embed(pass, batch);
    for (EncoderLayer layer : layers) {
      x = layer.forward(pass, x);
    }
    features = firstTokens(last.forward(pass, x), batch.count());
    HostMatrix weight = (HostMatrix) pass.tensor(WEIGHT);
    HostMatrix bias = (HostMatrix) pass.tensor(BIAS);
    Tokens scores = Tokens.zeros(batch.count(), weight.rows());
    for (int image = 0; image < batch.count(); image++) {
      for (int label = 0; label < weight.rows(); label++) {
        double sum = bias.get(0, label);
        for (int i = 0; i < width; i++) {
          sum += weight.get(label, i) * features.values()[image * width + i];
        }
        scores.values()[image * weight.rows() + label] = (float) sum;
      }
    }
    return scores;
  }

  /** Turns scores into the gradient of the mean cross-entropy and gives that. */
  static double loss(Tokens scores, int[] labels) {
    double loss = 0;
    for (int image = 0; image < scores.count(); image++) {
      int at = image * scores.width();
      Attention.softmax(scores.values(), at, scores.width());
      loss -= Math.log(scores.values()[at + labels[image]]);
      scores.values()[at + labels[image]] -= 1;
      for (int label = 0; label < scores.width(); label++) {
        scores.values()[at + label] /= scores.count();
      }
    }
    return loss / scores.count();
  }

  /** Adds the gradients of all that is trained, from that of the scores. */
  void backward(ModelPass pass, Tokens g) {
    HostMatrix weight = (HostMatrix) pass.tensor(WEIGHT);
    Tokens upstream = Tokens.zeros(features.count() * tokensPerImage, width);
    for (int image = 0; image < g.count(); image++) {
      for (int label = 0; label < g.width(); label++) {
        float slope = g.values()[image * g.width() + label];
        add(pass.gradient(BIAS), 0, label, slope);
        for (int i = 0; i < width; i++) {
          add(pass.gradient(WEIGHT), label, i, slope * features.values()[image * width + i]);
          upstream.values()[image * tokensPerImage * width + i] += slope * weight.get(label, i);
        }
      }
    }
    Tokens gx = last.backward(pass, upstream);
    for (int i = layers.length - 1; i >= 0; i--) {
      gx = layers[i].backward(pass, gx);
    }
    if (pass.gradient(PATCH_BIAS) instanceof HostMatrix gradient) {
      // An image's first token is no patch.
      gx.addSumTo(gradient, 1, tokensPerImage);
    }
  }

  private static void add(Matrix gradient, int row, int col, float value) {
    if (gradient instanceof HostMatrix host) {
      host.set(row, col, host.get(row, col) + value);
    }
  }

  private Tokens embed(ModelPass pass, Digits batch) {
    float[] projectionBias = Tokens.floats(pass.tensor(PATCH_BIAS));
    Tokens x = Tokens.zeros(tokens(batch.count()), width);
    int patches = Digits.SIDE / PATCH;
    for (int image = 0; image < batch.count(); image++) {
      for (int token = 0; token < tokensPerImage; token++) {
        int at = (image * tokensPerImage + token) * width;
        for (int i = 0; i < width; i++) {
          double sum = token == 0 ? first[i] : projectionBias[i];
          for (int pixel = 0; token > 0 && pixel < PATCH * PATCH; pixel++) {
            int row = (token - 1) / patches * PATCH + pixel / PATCH;
            int col = (token - 1) % patches * PATCH + pixel % PATCH;
            sum +=
                projection[i * PATCH * PATCH + pixel]
                    * batch.images()[image][row * Digits.SIDE + col];
          }
          x.values()[at + i] = (float) (sum + positions[token * width + i]);
        }
      }
    }
    return x;
  }

  private Tokens firstTokens(Tokens x, int images) {
    Tokens chosen = Tokens.zeros(images, width);
    for (int image = 0; image < images; image++) {
      System.arraycopy(
          x.values(), image * tokensPerImage * width, chosen.values(), image * width, width);
    }
    return chosen;
  }
}
