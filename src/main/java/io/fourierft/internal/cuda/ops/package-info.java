/**
 * The engine's operations. Each cuts its work into chunks that fit the memory and enqueues them on
 * a stream; arguments were checked before.
 */
@NullMarked
package io.fourierft.internal.cuda.ops;

import org.jspecify.annotations.NullMarked;
