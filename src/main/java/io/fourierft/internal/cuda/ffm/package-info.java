/**
 * The C libraries of CUDA: one hand-written interface for each, the java.lang.foreign class behind
 * it, and where the libraries are found. Nothing else in the project touches the Linker. No policy
 * lives here: sizes, limits and lifetimes are the engine's.
 */
@NullMarked
package io.fourierft.internal.cuda.ffm;

import org.jspecify.annotations.NullMarked;
