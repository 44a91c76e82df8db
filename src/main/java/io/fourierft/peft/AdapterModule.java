package io.fourierft.peft;

/**
 * One adapted layer of an adapter that is not yet bound to a base model.
 *
 * @param path the layer's dotted path in the model that PEFT adapted, as {@code
 *     model.layers.0.self_attn.q_proj}
 * @param spectrum its coefficients
 */
public record AdapterModule(String path, Spectrum spectrum) {
  /** The key of the coefficients in {@code adapter_model.safetensors}. */
  public String key() {
    return AdapterKeys.PREFIX + path + AdapterKeys.SPECTRUM;
  }
}
