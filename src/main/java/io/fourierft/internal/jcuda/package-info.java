/**
 * JCuda's objects by their addresses, and cuFFT through JCufft. Needs the optional jars of JCuda.
 */
@NullMarked
package io.fourierft.internal.jcuda;

import org.jspecify.annotations.NullMarked;
