/**
 * The domain of FourierFT adapters and the front door of the library.
 *
 * <p>A {@link io.fourierft.FourierAdapter} says what is added to one linear layer; a {@link
 * io.fourierft.FourierEngine} computes with it. All state of an adapter is immutable, all memory is
 * passed as a {@link io.fourierft.Matrix}, row-major.
 */
@NullMarked
package io.fourierft;

import org.jspecify.annotations.NullMarked;
