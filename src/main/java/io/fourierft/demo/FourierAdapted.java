package io.fourierft.demo;

import io.fourierft.FourierAdapter;
import io.fourierft.FourierEngine;
import io.fourierft.HostMatrix;
import io.fourierft.SpectralLocations;
import io.fourierft.layer.FourierLinear;
import io.fourierft.layer.FourierLinearOptions;
import io.fourierft.layer.LinearTape;
import io.fourierft.training.SpectrumInitialization;
import io.fourierft.training.TrainableParameter;
import io.fourierft.training.TrainableSpectrum;
import java.util.List;
import java.util.Map;

/** FourierFT: this library's layer, its spectrum starting from zeros. */
final class FourierAdapted implements AdaptedLayer {
  private static final String ADAPTER = "default";

  private final FourierLinear layer;
  private final LinearTape tape;
  private final TrainableSpectrum spectrum;

  FourierAdapted(
      FourierEngine engine,
      HostMatrix weight,
      HostMatrix bias,
      int nFrequency,
      double scaling,
      long locationSeed,
      int tokens) {
    layer = new FourierLinear(engine, weight, bias, FourierLinearOptions.defaults());
    layer.addAdapter(
        ADAPTER,
        FourierAdapter.of(
            SpectralLocations.of(weight.rows(), weight.cols(), nFrequency, locationSeed),
            SpectrumInitialization.zeros(nFrequency),
            scaling));
    tape = layer.newTape(tokens);
    spectrum = TrainableSpectrum.of("hidden", layer, ADAPTER);
  }

  @Override
  public void forward(HostMatrix x, HostMatrix y) {
    layer.forward(x, y, tape);
  }

  @Override
  public void backward(HostMatrix g) {
    layer.backward(tape, g, null, Map.of(ADAPTER, spectrum.gradient()));
  }

  @Override
  public List<TrainableParameter> trainable() {
    return List.of(spectrum);
  }

  @Override
  public void close() {
    tape.close();
  }
}
