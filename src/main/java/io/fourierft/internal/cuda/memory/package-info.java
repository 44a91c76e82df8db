/**
 * Device memory with an owner, pinned staging between host and device, and the tables and limits
 * that rest on them.
 */
@NullMarked
package io.fourierft.internal.cuda.memory;

import org.jspecify.annotations.NullMarked;
