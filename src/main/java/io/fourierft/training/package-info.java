/**
 * Training of spectra: the parameters, AdamW, clipping, learning-rate schedules, accumulation of
 * gradients, and a state that is saved and restored bit for bit.
 *
 * <p>The gradients come from {@link io.fourierft.layer.FourierLinear#backward}; nothing here
 * computes with layers.
 */
@NullMarked
package io.fourierft.training;

import org.jspecify.annotations.NullMarked;
