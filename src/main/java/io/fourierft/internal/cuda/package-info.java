/**
 * The CUDA engine: what it needs of the machine, its context, memory, streams and plans, and the
 * operations. Knows the C libraries only through {@code ffm}'s interfaces.
 */
@NullMarked
package io.fourierft.internal.cuda;

import org.jspecify.annotations.NullMarked;
