/**
 * The one call of the C library that Java has no method for: two names exchanged. Nothing in here
 * decides when it is used.
 */
@NullMarked
package io.fourierft.internal.files.ffm;

import org.jspecify.annotations.NullMarked;
