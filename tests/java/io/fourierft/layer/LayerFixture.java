package io.fourierft.layer;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.PeftFixture;
import io.fourierft.WeightLayout;
import io.fourierft.safetensors.SafetensorsCheckpoint;
import io.fourierft.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** One module of a case that PEFT computed, as the layer that it is in. */
record LayerFixture(PeftFixture fixture, String module) {
  static List<LayerFixture> all() {
    return PeftFixture.all().stream().flatMap(LayerFixture::modules).toList();
  }

  private static Stream<LayerFixture> modules(PeftFixture fixture) {
    try (SafetensorsFile expected = fixture.expected()) {
      return PeftFixture.modules(expected).stream()
          .map(module -> new LayerFixture(fixture, module));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isConv1d() {
    return fixture.name().equals("conv1d_gpt2");
  }

  FourierAdapter adapter() throws IOException {
    HostMatrix weight = weight();
    int out = isConv1d() ? weight.cols() : weight.rows();
    int in = isConv1d() ? weight.rows() : weight.cols();
    return fixture.adapter(module, out, in);
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
            engine,
            weight(),
            bias().orElse(null),
            options.withLayout(isConv1d() ? WeightLayout.IN_OUT : WeightLayout.OUT_IN));
    layer.addAdapter("default", adapter());
    return layer;
  }

  HostMatrix expected(String what) throws IOException {
    try (SafetensorsFile expected = fixture.expected()) {
      return PeftFixture.matrix(expected, module + "." + what);
    }
  }

  private Optional<HostMatrix> base(String name) throws IOException {
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(fixture.base())) {
      return checkpoint.find(name).map(at -> PeftFixture.matrix(at.shard().file(), name));
    }
  }

  @Override
  public String toString() {
    return fixture + "/" + module;
  }
}
