/* The pruned path's second load: rows of the half spectrum out of its filled columns. */
#include "sparse_spectrum.h"

FOURIERFT_LOAD_COMPLEX(fourierft_load_columns) {
  const fourierft_callback_info &known = *static_cast<const fourierft_callback_info *>(info);
  const fourierft_element at = take_apart(offset, known.load_inner, known.load_middle);
  const int64_t slot = known.adapters[at.adapter].column_slot[at.inner];
  if (slot < 0) return {0.0f, 0.0f};
  const fourierft_complex value =
      known.columns[(at.adapter * known.slots + slot) * known.rows + at.middle];
  return {value.re, value.im};
}
