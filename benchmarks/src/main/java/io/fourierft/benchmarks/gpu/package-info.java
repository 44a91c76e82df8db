/**
 * The benchmark that runs on a real GPU: the engine's operations timed by CUDA events, and the
 * report that joins them with the peers of the same run.
 */
@NullMarked
package io.fourierft.benchmarks.gpu;

import org.jspecify.annotations.NullMarked;
