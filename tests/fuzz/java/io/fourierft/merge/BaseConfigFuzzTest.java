package io.fourierft.merge;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.fourierft.FourierException;
import io.fourierft.FuzzInput;
import io.fourierft.FuzzTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Any config.json of a base model is read or refused with an exception of ours. */
class BaseConfigFuzzTest {
  private static final Path FOLDER = FuzzInput.folder("base");

  static Stream<Arguments> seeds() {
    return FuzzInput.seeds(
        "{\"model_type\":\"llama\",\"tie_word_embeddings\":true,\"torch_dtype\":\"float32\",\"x\":[1.5e3,NaN]}");
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "{\"model_type\":\"llama\",",
    "\"quantization_config\":{\"quant_method\":\"gptq\"},",
    "\"tie_word_embeddings\":true,",
    "\"torch_dtype\":\"float32\",",
    "\"text_config\":{",
    "1e99999999999",
    "NaN"
  })
  @FuzzTest(maxDuration = FuzzTime.EACH)
  void anyBaseConfig(byte[] input) throws IOException {
    Files.write(FOLDER.resolve("config.json"), input);
    try {
      Optional<BaseConfig> config = BaseConfig.read(FOLDER);
      BaseConfig read = config.orElseThrow();
      read.quantization();
      read.model();
    } catch (FourierException expected) {
      // Refused.
    }
  }
}
