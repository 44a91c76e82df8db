package io.fourierft.safetensors;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.fourierft.FuzzInput;
import io.fourierft.FuzzTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Any index is read or refused with an exception of ours; one that was read comes back as written.
 */
class IndexFuzzTest {
  private static final Path FOLDER = FuzzInput.folder("index");

  static Stream<Arguments> seeds() {
    return FuzzInput.seeds(
        "{\"metadata\":{\"total_size\":4,\"x\":[1.5e3]},\"weight_map\":{\"a\":\"one.safetensors\"}}");
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "{\"metadata\":{\"total_size\":4},\"weight_map\":{\"a\":\"one.safetensors\"}}",
    "\"weight_map\":{",
    "\"metadata\":{",
    "1e99999999999",
    "0.1e-2147483648",
    "../",
    "\\u0000"
  })
  @FuzzTest(maxDuration = FuzzTime.EACH)
  void anyIndex(byte[] input) throws IOException {
    Path file = Files.write(FOLDER.resolve(CheckpointIndex.FILE_NAME), input);
    CheckpointIndex index;
    try {
      index = CheckpointIndex.open(file);
    } catch (SafetensorsException expected) {
      return;
    }
    Path again = FOLDER.resolve("again.json");
    index.write(again);
    if (!CheckpointIndex.open(again).equals(index)) {
      throw new IllegalStateException("another index came back: " + index);
    }
  }
}
