/**
 * The engine on the CPU: validation, threads and choice of path in one place, the arithmetic in
 * interchangeable kernel sets.
 */
@NullMarked
package io.fourierft.internal.cpu;

import org.jspecify.annotations.NullMarked;
