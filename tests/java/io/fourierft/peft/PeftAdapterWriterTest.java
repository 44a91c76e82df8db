package io.fourierft.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierException;
import io.fourierft.SpectralLocations;
import io.fourierft.safetensors.DType;
import io.fourierft.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What is saved is whole, loadable by PEFT's rules, and never half written. */
class PeftAdapterWriterTest {
  @TempDir Path folder;

  @Test
  void anAdapterMadeHereIsReadBack() throws IOException {
    PeftAdapter adapter =
        adapter(3, 5).withExtraTensors(List.of(headBias(TensorData.of(new byte[] {7, 8}))));
    Path directory = folder.resolve("made");
    PeftAdapterWriter.write(adapter, directory, false);
    PeftAdapter again = PeftAdapter.open(directory);
    assertEquals(adapter.modules(), again.modules());
    assertEquals("head.bias", again.extraTensors().getFirst().baseTensor());
    try (SafetensorsFile file =
        SafetensorsFile.open(directory.resolve("adapter_model.safetensors"))) {
      assertEquals(Map.of("format", "pt"), file.metadata());
    }
    assertEquals(List.of("made"), names(folder));
    assertEquals(List.of("adapter_config.json", "adapter_model.safetensors"), names(directory));
  }

  @Test
  void aPatternThatSortingWouldBreakIsReplacedByWholePaths() throws IOException {
    FourierFtConfig config =
        config().toBuilder().nFrequencyPattern(sequenced("q", 3, "0.q", 4)).build();
    PeftAdapter adapter = PeftAdapter.of(config, Map.of("m.0.q", fourier(3), "m.1.q", fourier(3)));
    Path directory = folder.resolve("pattern");
    PeftAdapterWriter.write(adapter, directory, false);
    PeftAdapter again = PeftAdapter.open(directory);
    assertTrue(again.notes().isEmpty(), again.notes().toString());
    assertEquals(Map.of("m.0.q", 3, "m.1.q", 3), again.config().nFrequencyPattern());
  }

  @Test
  void lengthsThatNoPatternCanGiveAreRefused() {
    PeftAdapter adapter = PeftAdapter.of(config(), Map.of("b.q", fourier(3), "x.b.q", fourier(4)));
    Path directory = folder.resolve("impossible");
    Refusal.says(
        () -> PeftAdapterWriter.write(adapter, directory, true), "'x.b.q'", "4 coefficients");
    assertFalse(Files.exists(directory));
  }

  @Test
  void nothingIsOverwrittenUnasked() throws IOException {
    Path directory = folder.resolve("there");
    PeftAdapterWriter.write(adapter(3), directory, false);
    byte[] before = Files.readAllBytes(directory.resolve("adapter_model.safetensors"));
    refuses(
        () -> PeftAdapterWriter.write(adapter(5), directory, false), "holds an adapter already");
    assertEquals(before.length, Files.size(directory.resolve("adapter_model.safetensors")));
    Files.writeString(directory.resolve("README.md"), "mine");
    Files.createDirectory(directory.resolve("other"));
    Files.writeString(directory.resolve("adapter_model.bin"), "old");
    PeftAdapterWriter.write(adapter(5), directory, true);
    assertEquals(
        5, PeftAdapter.open(directory).module("m.0.q").orElseThrow().spectrum().nFrequency());
    assertEquals(
        List.of("README.md", "adapter_config.json", "adapter_model.safetensors", "other"),
        names(directory));
    assertEquals(List.of("there"), names(folder));
  }

  @Test
  void aDirectoryOfOtherThingsIsNeverReplaced() throws IOException {
    Path home = Files.createDirectory(folder.resolve("home"));
    Files.writeString(home.resolve("letter.txt"), "dear");
    refuses(() -> PeftAdapterWriter.write(adapter(3), home, true), "does not hold an adapter");
    Path file = home.resolve("letter.txt");
    refuses(() -> PeftAdapterWriter.write(adapter(3), file, true), "is a file");
    assertEquals("dear", Files.readString(file));
  }

  @Test
  void aFailureInTheMiddleLeavesWhatWasThere() throws IOException {
    Path directory = folder.resolve("kept");
    PeftAdapterWriter.write(adapter(3), directory, false);
    PeftAdapter broken =
        adapter(5)
            .withExtraTensors(
                List.of(
                    headBias(
                        use -> {
                          throw new IOException("disk gone");
                        })));
    assertThrows(IOException.class, () -> PeftAdapterWriter.write(broken, directory, true));
    assertEquals(3, PeftAdapter.open(directory).coefficientCount());
    assertEquals(List.of("kept"), names(folder));
  }

  private static void refuses(Executable writing, String reason) {
    String message = assertThrows(FourierException.class, writing).getMessage();
    assertTrue(message.contains(reason), message);
  }

  /** Two bytes that an adapter carries along. */
  private static ExtraTensor headBias(TensorData data) {
    return new ExtraTensor(
        "base_model.model.head.bias",
        "head.bias",
        ExtraTensor.Kind.SAVED_MODULE,
        DType.U8,
        List.of(2L),
        data);
  }

  private static FourierFtConfig config() {
    return FourierFtConfig.builder()
        .targetModules(ModuleSelection.names("q"))
        .modulesToSave(List.of("head"))
        .nFrequency(3)
        .build();
  }

  /** An adapter of modules m.0.q, m.1.q, ... with these many coefficients. */
  private static PeftAdapter adapter(int... counts) {
    Map<String, FourierAdapter> modules = new HashMap<>();
    for (int i = 0; i < counts.length; i++) {
      modules.put("m." + i + ".q", fourier(counts[i]));
    }
    return PeftAdapter.of(config(), modules);
  }

  private static FourierAdapter fourier(int n) {
    return FourierAdapter.of(SpectralLocations.of(4, 4, n, 777), new float[n], 150);
  }

  private static Map<String, Integer> sequenced(String a, int n, String b, int m) {
    Map<String, Integer> map = new LinkedHashMap<>();
    map.put(a, n);
    map.put(b, m);
    return map;
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> children = Files.list(directory)) {
      return children.map(child -> child.getFileName().toString()).sorted().toList();
    }
  }
}
