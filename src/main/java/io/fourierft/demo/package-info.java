/**
 * The experiment of {@code fourierft train-demo}: which of two adapters with as many trainable
 * numbers can fit eight classes of points. The only place with a LoRA layer, as the one compared
 * with.
 */
@NullMarked
package io.fourierft.demo;

import org.jspecify.annotations.NullMarked;
