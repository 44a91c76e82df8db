/** Pictures of adapters, for the command line. */
@NullMarked
package io.fourierft.plot;

import org.jspecify.annotations.NullMarked;
