/**
 * The compiled kernels and callbacks: where their images come from, how they are loaded, and how
 * they are called by name.
 */
@NullMarked
package io.fourierft.internal.cuda.kernels;

import org.jspecify.annotations.NullMarked;
