/** cuFFT plans of one stream, made when first needed. */
@NullMarked
package io.fourierft.internal.cuda.fft;

import org.jspecify.annotations.NullMarked;
