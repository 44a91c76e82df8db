/**
 * The CUDA engine: what it needs of the machine, what it owns, and what it checks before it
 * enqueues. Below it, each knowing only those further down: {@code ops} the operations, {@code
 * resident} what the device holds of adapters, {@code stream} streams and graphs, {@code fft}
 * plans, {@code kernels} compiled code, {@code memory}, {@code device} the context, {@code struct}
 * C's structs, and {@code ffm} the C libraries.
 */
@NullMarked
package io.fourierft.internal.cuda;

import org.jspecify.annotations.NullMarked;
