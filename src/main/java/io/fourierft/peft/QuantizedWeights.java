package io.fourierft.peft;

import java.util.List;

/** Says of adapted weights that are quantised how they are, and what to merge into instead. */
final class QuantizedWeights {
  private static final List<String> PACKED =
      List.of("qweight", "weight_packed", "W_q", "weight_blocks", "codes", "Qidxs");

  private QuantizedWeights() {}

  /** The refusal of a weight that is no floating-point number. */
  static PeftException refuse(BaseModule module) {
    boolean fourBits = module.weight().dtype().toString().equals("U8") && module.storedCols() == 1;
    return new PeftException(
        ("'%s.weight' of the base model is %s, not F64, F32, F16 or BF16: a quantised weight%s;"
                + " give the base model before quantisation")
            .formatted(
                module.name(),
                module.describe(),
                fourBits ? ", as bitsandbytes packs 4 bits into bytes" : ""));
  }

  /**
   * Refuses modules whose weight is missing because it is packed under another name.
   *
   * @throws PeftException if the first of them is
   */
  static void refusePacked(List<String> missing, BaseNames names, BaseModel base) {
    String module = names.naming().toBase(missing.getFirst());
    for (String suffix : PACKED) {
      if (base.tensors().containsKey(module + "." + suffix)) {
        throw packed(module, suffix);
      }
    }
  }

  /**
   * Refuses targets whose weight is packed under another name.
   *
   * @throws PeftException if one is
   */
  static void refusePacked(BaseModel base, ModuleMatcher matcher) {
    for (String name : base.tensors().keySet()) {
      int dot = name.lastIndexOf('.');
      if (dot > 0
          && PACKED.contains(name.substring(dot + 1))
          && matcher.targets(name.substring(0, dot))) {
        throw packed(name.substring(0, dot), name.substring(dot + 1));
      }
    }
  }

  private static PeftException packed(String module, String suffix) {
    return new PeftException(
        ("'%s' of the base model has no weight but '%s', a quantised one, and nothing can be"
                + " added to it; give the base model before quantisation")
            .formatted(module, suffix));
  }
}
