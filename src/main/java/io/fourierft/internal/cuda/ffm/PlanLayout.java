package io.fourierft.internal.cuda.ffm;

/**
 * Batched transforms with strides, as {@link Cufft#makePlanMany64} plans them.
 *
 * @param sizes lengths, slowest first
 * @param input where inputs stand
 * @param output where outputs stand
 * @param type {@link Cufft#R2C}, {@link Cufft#C2R} or {@link Cufft#C2C}
 * @param batch how many
 */
@SuppressWarnings("ArrayRecordComponent") // Made for one call, and never compared.
public record PlanLayout(long[] sizes, Side input, Side output, int type, long batch) {
  /**
   * Where the elements of one side stand: {@code (i, j)} of transform b of a two-dimensional one at
   * {@code b·distance + (i·embed[1] + j)·stride}.
   *
   * @param embed lengths of the memory that the transform is part of, slowest first
   * @param stride elements from one to the next of a line
   * @param distance elements from one transform to the next
   */
  @SuppressWarnings("ArrayRecordComponent") // Made for one call, and never compared.
  public record Side(long[] embed, long stride, long distance) {}
}
