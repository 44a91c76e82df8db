/**
 * Merging adapters into whole base models and writing what comes out: one tensor in memory at a
 * time, and nothing under its final name until all of it is written.
 */
@NullMarked
package io.fourierft.merge;

import org.jspecify.annotations.NullMarked;
