/**
 * FourierFT adapters as LoRA, for programs that serve only LoRA: the nearest matrices of low rank,
 * and PEFT's folder of them.
 *
 * {@snippet :
 * import io.fourierft.FourierAdapter;
 * import io.fourierft.SpectralLocations;
 * import io.fourierft.lora.LowRankApproximation;
 *
 * float[] spectrum = new float[100];
 * java.util.Arrays.fill(spectrum, 1f);
 * FourierAdapter adapter = FourierAdapter.of(SpectralLocations.of(768, 768, 100, 2024), spectrum, 300);
 * LowRankApproximation lora = LowRankApproximation.of(adapter, 16);
 * float[] a = lora.loraA(), b = lora.loraB(); // [16, 768] and [768, 16]
 * System.out.println("rank " + lora.rank() + " keeps " + lora.keptEnergy());
 * }
 */
@NullMarked
package io.fourierft.lora;

import org.jspecify.annotations.NullMarked;
