package io.fourierft.safetensors;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.JsonNode;
import io.fourierft.FuzzInput;
import io.fourierft.FuzzTime;
import io.fourierft.PythonOracle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Any header is read rightly or refused with an exception of ours; where Python is, as it does. */
class HeaderFuzzTest {
  private static final Path FILE = FuzzInput.folder("header").resolve("fuzzed.safetensors");
  private static final Optional<PythonOracle> REFERENCE = PythonOracle.start();

  static Stream<Arguments> seeds() {
    return FuzzInput.seeds(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}\0abcd",
        "{\"__metadata__\":{\"format\":\"pt\"},\"w\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[0,4]},\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4],\"x\":[1.5e3]}}"
            + "  \0abcd");
  }

  @MethodSource("seeds")
  @DictionaryEntries({
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}",
    "\"__metadata__\":{\"k\":\"v\"},",
    "\"dtype\":\"BF16\"",
    "\"shape\":[",
    "\"data_offsets\":[",
    "18446744073709551615",
    "1e99999999999",
    "\\ud800"
  })
  @FuzzTest(maxDuration = FuzzTime.EACH)
  void anyHeader(byte[] input) throws IOException {
    List<byte[]> parts = FuzzInput.parts(input, 2);
    Files.write(FILE, FuzzInput.safetensors(parts.get(0), parts.get(1)));
    List<String> names = null;
    try (SafetensorsFile file = SafetensorsFile.open(FILE)) {
      names = new ArrayList<>(file.tensors().keySet());
      requireConsistent(file, parts.get(1).length);
    } catch (SafetensorsException expected) {
      if (!expected.path().equals(FILE)) {
        throw new IllegalStateException("it names another file", expected);
      }
    }
    if (REFERENCE.isPresent()) {
      requireAsReference(REFERENCE.get(), names);
    }
  }

  private static void requireConsistent(SafetensorsFile file, int dataLength) {
    long covered = 0;
    for (TensorInfo tensor : file.tensors().values()) {
      if (tensor.begin() != covered
          || tensor.sizeInBytes() != tensor.dtype().sizeInBytes(tensor.elementCount())
          || file.data(tensor.name()).byteSize() != tensor.sizeInBytes()) {
        throw new IllegalStateException("inconsistent: " + tensor);
      }
      covered = tensor.end();
    }
    if (covered != dataLength) {
      throw new IllegalStateException(covered + " bytes of " + dataLength);
    }
  }

  private static void requireAsReference(PythonOracle reference, List<String> names) {
    JsonNode answer = reference.ask(Map.of("kind", "header", "file", FILE.toString()));
    if (names != null && answer.isNull()) {
      throw new IllegalStateException("read, though the reference refuses it: " + names);
    }
    if (names != null && answer.isArray() && answer.size() != names.size()) {
      throw new IllegalStateException(names + " are not " + answer);
    }
  }
}
