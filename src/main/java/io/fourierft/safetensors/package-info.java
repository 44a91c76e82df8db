/**
 * The safetensors file format: a memory-mapped reader that validates the whole header before it
 * trusts any of it, a streaming writer, and checkpoints of one or many files.
 *
 * <p>A file is eight bytes of little-endian header length, a JSON header, and the tensors' bytes:
 * row-major, little-endian, without holes, in the order of their offsets. Offsets need not be
 * aligned, so elements are read with unaligned layouts. Format: the safetensors repository's
 * README, section "Format".
 */
@NullMarked
package io.fourierft.safetensors;

import org.jspecify.annotations.NullMarked;
