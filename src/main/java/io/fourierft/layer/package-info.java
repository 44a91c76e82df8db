/**
 * Linear layers with FourierFT adapters: PEFT's {@code FourierFTLinear} without a model framework
 * around it. A {@link io.fourierft.layer.FourierLinear} computes forward and backward passes with
 * named adapters, merges them into its weight and takes them off again, from any number of threads.
 */
@NullMarked
package io.fourierft.layer;

import org.jspecify.annotations.NullMarked;
