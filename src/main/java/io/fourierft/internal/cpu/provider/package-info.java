/** Offers the CPU engine: chooses between its kernel sets, which know nothing of each other. */
@NullMarked
package io.fourierft.internal.cpu.provider;

import org.jspecify.annotations.NullMarked;
