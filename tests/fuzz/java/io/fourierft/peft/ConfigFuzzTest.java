package io.fourierft.peft;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.fourierft.FuzzInput;
import io.fourierft.FuzzTime;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Any adapter_config.json is read or refused with an exception of ours, and is saved as read. */
class ConfigFuzzTest {
  static Stream<Arguments> seeds() {
    return FuzzInput.seeds(
        "{\"peft_type\":\"FOURIERFT\",\"target_modules\":[\"q\",\"v\"],\"n_frequency\":5,\"scaling\":1.5e2,"
            + "\"layers_to_transform\":[1],\"layers_pattern\":[\"layers\"],\"n_frequency_pattern\":{\"0.q\":4}}",
        "{\"peft_type\":\"FOURIERFT\",\"target_modules\":\"^(?!.*v).*q_proj$\",\"exclude_modules\":\"lm_head\"}");
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "{\"peft_type\":\"FOURIERFT\",",
    "\"target_modules\":[\"q\"],",
    "\"target_modules\":\".*q\",",
    "\"layers_to_transform\":[1],\"layers_pattern\":[\"layers(?#\"],",
    "\"n_frequency_pattern\":{\"q\":3},",
    "\"scaling\":1e99999999999,",
    "\"random_loc_seed\":18446744073709551615,",
    "\"modules_to_save\":[\"score\"],",
    "\"auto_mapping\":{},",
    "(){2000000000}",
    "(?!"
  })
  @FuzzTest(maxDuration = FuzzTime.EACH)
  void anyConfig(byte[] input) {
    try {
      FourierFtConfig config = FourierFtConfig.parse(FuzzInput.text(input), "fuzzed").config();
      FourierFtConfig again = FourierFtConfig.parse(config.toJson(), "saved").config();
      if (!again.toJson().equals(config.toJson())) {
        throw new IllegalStateException("saved as " + config.toJson());
      }
      ModuleMatcher matcher = ModuleMatcher.of(config, "llama");
      matcher.verdict("model.layers.1.self_attn.q_proj");
      matcher.nFrequency("model.layers.1.self_attn.q_proj");
    } catch (PeftException expected) {
      // Refused.
    }
  }
}
