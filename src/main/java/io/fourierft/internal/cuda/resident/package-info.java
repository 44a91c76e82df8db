/** What the device holds of adapters, and the tables made from their places. */
@NullMarked
package io.fourierft.internal.cuda.resident;

import org.jspecify.annotations.NullMarked;
