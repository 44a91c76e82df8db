/**
 * The C structs of {@code native/include}, each once. Knows no device, and nothing of the engine.
 */
@NullMarked
package io.fourierft.internal.cuda.struct;

import org.jspecify.annotations.NullMarked;
