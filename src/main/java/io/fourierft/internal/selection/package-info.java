/**
 * How an engine is chosen: the service that each kind of engine provides, and the one rule by which
 * one of them is taken. Not open to engines of others.
 */
@NullMarked
package io.fourierft.internal.selection;

import org.jspecify.annotations.NullMarked;
