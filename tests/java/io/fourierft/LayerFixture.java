package io.fourierft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsFile;
import io.fourierft.safetensors.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** One module of a case of tests/resources/fixtures/peft, read whole into memory. */
record LayerFixture(String folder, String module, Path root) {
  static List<LayerFixture> all() {
    Path fixtures =
        Path.of(System.getProperty("fourierft.project.dir", "."), "tests/resources/fixtures/peft");
    try (Stream<Path> folders = Files.list(fixtures)) {
      return folders.filter(Files::isDirectory).sorted().flatMap(LayerFixture::modules).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<LayerFixture> modules(Path folder) {
    try (SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      return expected.tensors().keySet().stream()
          .filter(name -> name.endsWith(".indices"))
          .map(name -> name.substring(0, name.length() - ".indices".length()))
          .sorted()
          .toList()
          .stream()
          .map(module -> new LayerFixture(folder.getFileName().toString(), module, folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isConv1d() {
    return folder.equals("conv1d_gpt2");
  }

  FourierAdapter adapter() throws IOException {
    JsonNode config =
        new ObjectMapper().readTree(root.resolve("adapter/adapter_config.json").toFile());
    HostMatrix spectrum =
        tensor(
            root.resolve("adapter/adapter_model.safetensors"),
            "base_model.model." + module + ".fourierft_spectrum");
    float[] coefficients = new float[spectrum.cols()];
    MatrixRows.read(spectrum, 0, 0, coefficients.length, coefficients, 0);
    HostMatrix weight = weight();
    int out = isConv1d() ? weight.cols() : weight.rows();
    int in = isConv1d() ? weight.rows() : weight.cols();
    return FourierAdapter.of(
        SpectralLocations.of(
            out, in, coefficients.length, config.get("random_loc_seed").longValue()),
        coefficients,
        config.get("scaling").doubleValue());
  }

  HostMatrix weight() throws IOException {
    return base(module + ".weight").orElseThrow();
  }

  Optional<HostMatrix> bias() throws IOException {
    return base(module + ".bias");
  }

  FourierLinear layer(FourierEngine engine, FourierLinearOptions options) throws IOException {
    FourierLinear layer =
        new FourierLinear(
            engine, weight(), bias().orElse(null), options.withTransposed(isConv1d()));
    layer.addAdapter("default", adapter());
    return layer;
  }

  HostMatrix expected(String what) throws IOException {
    return tensor(root.resolve("expected.safetensors"), module + "." + what);
  }

  private Optional<HostMatrix> base(String name) throws IOException {
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(root.resolve("base"))) {
      return checkpoint.find(name).map(at -> copy(at.shard().file(), at.tensor()));
    }
  }

  private static HostMatrix tensor(Path path, String name) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return copy(file, file.tensor(name));
    }
  }

  private static HostMatrix copy(SafetensorsFile file, TensorInfo tensor) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[(int) tensor.sizeInBytes()]);
    file.copy(tensor.name(), 0, bytes);
    int cols = Math.toIntExact(tensor.shape().getLast());
    int rows = Math.toIntExact(tensor.elementCount() / cols);
    return Matrix.of(bytes, ElementType.valueOf(tensor.dtype().name()), rows, cols);
  }

  @Override
  public String toString() {
    return folder + "/" + module;
  }
}
