/** Files and folders that come into being whole or not at all. Knows nothing of what is in them. */
@NullMarked
package io.fourierft.internal.files;

import org.jspecify.annotations.NullMarked;
