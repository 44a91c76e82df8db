/* The pruned path's second load: rows of the half spectrum out of its filled columns. */
#include "fused.h"

FOURIERFT_LOAD_COMPLEX(fourierft_load_columns) {
  const fourierft_fused &fused = *static_cast<const fourierft_fused *>(info);
  const fourierft_element at = take_apart(offset, fused.load_inner, fused.load_middle);
  const int64_t slot = fused.adapters[at.adapter].column_slot[at.inner];
  if (slot < 0) return {0.0f, 0.0f};
  const fourierft_complex value =
      fused.columns[(at.adapter * fused.slots + slot) * fused.rows + at.middle];
  return {value.re, value.im};
}
