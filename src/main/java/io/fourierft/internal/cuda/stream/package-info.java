/**
 * A stream with everything that belongs to it alone, as operations use it and as its users see it;
 * recorded graphs.
 */
@NullMarked
package io.fourierft.internal.cuda.stream;

import org.jspecify.annotations.NullMarked;
