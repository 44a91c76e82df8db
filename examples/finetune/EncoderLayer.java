import io.fourierft.model.AdaptedModel;
import io.fourierft.model.ModelPass;

/**
 * One layer of the encoder: {@code x + attention(norm(x))}, then {@code x + mlp(norm(x))}. Its
 * projections are layers of the model, adapted or not; the rest is here.
 */
final class EncoderLayer {
  private final String attentionPath;
  private final String mlpPath;
  private final LayerNorm before;
  private final LayerNorm after;
  private final Attention attention;
  private final Gelu gelu = new Gelu();
  private final int width;
  private final int inner;

  EncoderLayer(AdaptedModel model, String path, int heads, int tokensPerImage, double epsilon) {
    attentionPath = path + ".attention.";
    mlpPath = path + ".mlp.";
    before = new LayerNorm(model, path + ".layernorm_before", epsilon);
    after = new LayerNorm(model, path + ".layernorm_after", epsilon);
    attention = new Attention(heads, tokensPerImage);
    inner = model.layer(mlpPath + "fc1").outFeatures();
    width = model.layer(mlpPath + "fc1").inFeatures();
  }

  Tokens forward(ModelPass pass, Tokens x) {
    Tokens n = before.forward(pass, x);
    Tokens joined =
        attention.forward(
            n.through(pass, attentionPath + "q_proj", width),
            n.through(pass, attentionPath + "k_proj", width),
            n.through(pass, attentionPath + "v_proj", width));
    Tokens middle = x.plus(joined.through(pass, attentionPath + "o_proj", width));
    Tokens hidden = gelu.forward(after.forward(pass, middle).through(pass, mlpPath + "fc1", inner));
    return middle.plus(hidden.through(pass, mlpPath + "fc2", width));
  }

  /** The gradient of the layer's input; those of what is trained are added to the model's. */
  Tokens backward(ModelPass pass, Tokens g) {
    Tokens hidden = gelu.backward(g.back(pass, mlpPath + "fc2", inner));
    Tokens middle = g.plus(after.backward(pass, hidden.back(pass, mlpPath + "fc1", width)));
    Attention.Gradients parts =
        attention.backward(middle.back(pass, attentionPath + "o_proj", width));
    Tokens n =
        parts
            .v()
            .back(pass, attentionPath + "v_proj", width)
            .plus(parts.k().back(pass, attentionPath + "k_proj", width))
            .plus(parts.q().back(pass, attentionPath + "q_proj", width));
    return middle.plus(before.backward(pass, n));
  }
}
