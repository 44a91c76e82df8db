/**
 * The domain of FourierFT adapters and the front door of the library.
 *
 * <p>A {@link io.fourierft.FourierAdapter} says what is added to one linear layer; a {@link
 * io.fourierft.FourierEngine} computes with it. All state of an adapter is immutable, all memory is
 * passed as a {@link io.fourierft.Matrix}, row-major.
 *
 * {@snippet :
 * import io.fourierft.*;
 *
 * SpectralLocations places = SpectralLocations.of(64, 48, 100, 2024); // out, in, n_frequency, seed
 * float[] spectrum = new float[100];
 * spectrum[7] = 1;
 * FourierAdapter adapter = FourierAdapter.of(places, spectrum, 300);
 * try (FourierEngine engine = FourierEngine.create()) {
 *   float[] x = new float[4 * 48]; // four tokens
 *   float[] y = new float[4 * 64];
 *   x[0] = 1;
 *   engine.apply(AdapterRouting.all(adapter), Matrix.of(x, 4, 48), Matrix.of(y, 4, 64)); // y += ΔW x
 *   HostMatrix delta = engine.deltaWeight(adapter); // or ΔW itself
 *   System.out.println(y[0] + " is " + delta.get(0, 0));
 * }
 * }
 */
@NullMarked
package io.fourierft;

import org.jspecify.annotations.NullMarked;
