/**
 * Device memory, streams and the context shared with JCuda, without a copy. Needs {@code
 * org.jcuda:jcuda} 11.8.0, which this library does not bring along.
 */
@NullMarked
package io.fourierft.jcuda;

import org.jspecify.annotations.NullMarked;
