package io.fourierft.peft;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.fourierft.FourierException;
import io.fourierft.FuzzInput;
import io.fourierft.FuzzTime;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Any adapter folder is read and resolved against a small model, or refused by an exception of
 * ours.
 */
class AdapterFolderFuzzTest {
  private static final Path FOLDER = FuzzInput.folder("adapter");
  private static final BaseModel BASE =
      BaseModel.of(
          List.of(
              new TensorInfo("model.layers.0.q.weight", DType.F32, List.of(2L, 3L), 0, 24),
              new TensorInfo("model.layers.0.q.bias", DType.F32, List.of(2L), 24, 32),
              new TensorInfo("model.layers.1.q.weight", DType.BF16, List.of(2L, 2L), 32, 40),
              new TensorInfo("lm_head.weight", DType.F32, List.of(2L, 2L), 40, 56)),
          ModelConfig.ofType("llama"));

  static Stream<Arguments> seeds() {
    return FuzzInput.seeds(
        "{\"peft_type\":\"FOURIERFT\",\"target_modules\":[\"q\"],\"n_frequency\":2}\0"
            + "{\"base_model.model.model.layers.0.q.fourierft_spectrum\":{\"dtype\":\"F32\",\"shape\":[2],"
            + "\"data_offsets\":[0,8]}}\0abcdABCD");
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "{\"peft_type\":\"FOURIERFT\",\"target_modules\":[\"q\"],\"n_frequency\":2}",
    "{\"base_model.model.model.layers.0.q.fourierft_spectrum\":{\"dtype\":\"F32\",\"shape\":[2],"
        + "\"data_offsets\":[0,8]}}",
    "base_model.model.lm_head.weight",
    ".base_layer.bias",
    "\"modules_to_save\":[\"lm_head\"],",
    "\"bias\":\"all\",",
    "\"fan_in_fan_out\":true,"
  })
  @FuzzTest(maxDuration = FuzzTime.EACH)
  void anyFolder(byte[] input) throws IOException {
    List<byte[]> parts = FuzzInput.parts(input, 3);
    Files.write(FOLDER.resolve(FourierFtConfig.FILE_NAME), parts.get(0));
    Files.write(
        FOLDER.resolve("adapter_model.safetensors"),
        FuzzInput.safetensors(parts.get(1), parts.get(2)));
    try {
      PeftAdapter.open(FOLDER).resolve(BASE, ResolveOptions.defaults());
    } catch (FourierException expected) {
      // Refused.
    }
  }
}
