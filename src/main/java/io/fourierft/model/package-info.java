/**
 * A base model with FourierFT adapters on it, as one object: PEFT's {@code PeftModel}. An {@link
 * io.fourierft.model.AdaptedModel} is opened from a checkpoint; it gives the program that computes
 * with it the adapted layers and all other tensors, and changes all layers at once.
 */
@NullMarked
package io.fourierft.model;

import org.jspecify.annotations.NullMarked;
