/** Memory of the host: moved, converted between formats, lent out, worked on by several threads. */
@NullMarked
package io.fourierft.internal.host;

import org.jspecify.annotations.NullMarked;
