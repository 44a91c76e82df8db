/**
 * The CUDA engine beyond {@link io.fourierft.FourierEngine}: memory on the device, streams, graphs,
 * spectra that are trained in place, and what CUDA's libraries report when they fail.
 */
@NullMarked
package io.fourierft.cuda;

import org.jspecify.annotations.NullMarked;
