package io.fourierft.peft;

import static io.fourierft.peft.PeftSamples.adapter;
import static io.fourierft.peft.PeftSamples.base;
import static io.fourierft.peft.PeftSamples.names;
import static io.fourierft.peft.PeftSamples.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fourierft.safetensors.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Quantised weights are refused by what they are. */
class QuantizedWeightsTest {
  @ParameterizedTest
  @CsvSource({"U8, 8, 1, true", "U8, 8, 2, false", "I8, 8, 1, false", "F8_E4M3, 8, 1, false"})
  void fourBitsAreBytesInOneColumn(DType dtype, long rows, long cols, boolean fourBits) {
    String message =
        Refusal.of(
            () ->
                adapter(names("q"), "q")
                    .resolve(
                        base("{}", tensor("q.weight", dtype, rows, cols)),
                        ResolveOptions.defaults()));
    assertEquals(
        "'q.weight' of the base model is %s [%d, %d], not F64, F32, F16 or BF16: a quantised weight%s; give the base model before quantisation"
            .formatted(
                dtype, rows, cols, fourBits ? ", as bitsandbytes packs 4 bits into bytes" : ""),
        message);
  }

  @ParameterizedTest
  @CsvSource({"qweight", "weight_packed", "W_q", "weight_blocks", "codes", "Qidxs"})
  void aWeightThatIsPackedUnderAnotherNameIsNamed(String suffix) {
    BaseModel base =
        base("{}", tensor("m.k.weight", 8, 8), tensor("m.q." + suffix, DType.I32, 8, 1));
    String words = "'m.q' of the base model has no weight but '" + suffix + "', a quantised one";
    Refusal.says(() -> adapter(names("q"), "m.q").resolve(base, ResolveOptions.defaults()), words);
    Refusal.says(
        () -> QuantizedWeights.refusePacked(base, ModuleMatcher.of(names("q").build(), null)),
        words);
  }

  @Test
  void whatIsNotTargetedMayBePacked() {
    BaseModel base = base("{}", tensor("m.q.qweight", DType.I32, 8, 1));
    QuantizedWeights.refusePacked(base, ModuleMatcher.of(names("k").build(), null));
    Refusal.says(
        () -> adapter(names("k"), "m.k").resolve(base, ResolveOptions.defaults()),
        "'m.k.weight'",
        "is not in the base model");
  }
}
