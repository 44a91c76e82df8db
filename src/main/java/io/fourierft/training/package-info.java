/**
 * Training of spectra, and of heads and biases beside them: parameters in groups, AdamW, clipping,
 * learning-rate schedules, accumulation of gradients, and a state that is saved and restored bit
 * for bit.
 *
 * <p>The gradients come from {@link io.fourierft.layer.FourierLinear#backward}; nothing here
 * computes with layers.
 *
 * {@snippet :
 * import io.fourierft.*;
 * import io.fourierft.layer.*;
 * import io.fourierft.training.*;
 * import java.nio.file.Path;
 * import java.util.List;
 * import java.util.Map;
 *
 * HostMatrix weight = Matrix.of(new float[32 * 24], 32, 24);
 * SpectralLocations places = SpectralLocations.of(32, 24, 50, 2024);
 * float[] initial = SpectrumInitialization.standardNormal(50, 1);
 * try (FourierEngine engine = FourierEngine.create()) {
 *   FourierLinear layer = new FourierLinear(engine, weight, null, FourierLinearOptions.defaults());
 *   layer.addAdapter("default", FourierAdapter.of(places, initial, 300));
 *   TrainableSpectrum spectrum = TrainableSpectrum.of("layer", layer, "default");
 *   ParameterGroup group = ParameterGroup.of("spectra", List.of(spectrum), 0.01);
 *   TrainerOptions options =
 *       TrainerOptions.defaults()
 *           .withSchedule(LearningRateSchedule.cosine(2, 20))
 *           .withMaxGradientNorm(1.0);
 *   try (Trainer trainer = Trainer.of(engine, List.of(group), options);
 *       LinearTape tape = layer.newTape(8)) {
 *     HostMatrix x = Matrix.of(SpectrumInitialization.standardNormal(8 * 24, 2), 8, 24);
 *     HostMatrix y = Matrix.of(new float[8 * 32], 8, 32);
 *     for (int batch = 0; batch < 20; batch++) {
 *       layer.forward(x, y, tape);
 *       // The gradient of half of |y|² is y itself.
 *       layer.backward(tape, y, null, Map.of("default", spectrum.gradient()));
 *       trainer.batchDone();
 *     }
 *     System.out.println("gradient norm " + trainer.gradientNorm());
 *     trainer.save(Path.of("target/trainer-example.safetensors"));
 *   }
 * }
 * }
 */
@NullMarked
package io.fourierft.training;

import org.jspecify.annotations.NullMarked;
