/** What every engine asks of what it is given, and how it says what is wrong with it. */
@NullMarked
package io.fourierft.internal.checks;

import org.jspecify.annotations.NullMarked;
