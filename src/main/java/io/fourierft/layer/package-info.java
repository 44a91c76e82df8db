/**
 * Linear layers with FourierFT adapters: PEFT's {@code FourierFTLinear} without a model framework
 * around it. A {@link io.fourierft.layer.FourierLinear} computes forward and backward passes with
 * named adapters, merges them into its weight and takes them off again, from any number of threads.
 *
 * {@snippet :
 * import io.fourierft.*;
 * import io.fourierft.layer.*;
 * import java.util.List;
 *
 * HostMatrix weight = Matrix.of(new float[64 * 48], 64, 48); // [out_features, in_features]
 * FourierAdapter poet = FourierAdapter.of(SpectralLocations.of(64, 48, 100, 1), new float[100], 300);
 * FourierAdapter coder = FourierAdapter.of(SpectralLocations.of(64, 48, 100, 2), new float[100], 300);
 * try (FourierEngine engine = FourierEngine.create()) {
 *   FourierLinear layer = new FourierLinear(engine, weight, null, FourierLinearOptions.defaults());
 *   layer.addAdapter("poet", poet);
 *   layer.addAdapter("coder", coder);
 *   HostMatrix x = Matrix.of(new float[3 * 48], 3, 48);
 *   HostMatrix y = Matrix.of(new float[3 * 64], 3, 64);
 *   layer.forward(x, y, List.of("poet", "coder", FourierLinear.BASE)); // one adapter a token
 *   layer.merge(true, List.of("coder")); // a new weight; refused if it were not finite
 *   layer.forward(x, y);
 *   layer.unmerge();
 * }
 * }
 */
@NullMarked
package io.fourierft.layer;

import org.jspecify.annotations.NullMarked;
