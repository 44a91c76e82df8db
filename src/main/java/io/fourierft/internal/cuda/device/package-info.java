/** One GPU and its primary context, which is made current around every call of the driver. */
@NullMarked
package io.fourierft.internal.cuda.device;

import org.jspecify.annotations.NullMarked;
