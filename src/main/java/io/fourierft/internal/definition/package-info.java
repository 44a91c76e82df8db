/** What engines take straight from the definition of ΔW, because no transform gives it. */
@NullMarked
package io.fourierft.internal.definition;

import org.jspecify.annotations.NullMarked;
