/* The pruned path's first load: the filled columns, before their transform. */
#include "sparse_spectrum.h"

FOURIERFT_LOAD_COMPLEX(fourierft_load_slots) {
  const fourierft_callback_info &known = *static_cast<const fourierft_callback_info *>(info);
  const fourierft_element at = take_apart(offset, known.load_inner, known.load_middle);
  const int64_t w = known.adapters[at.adapter].column_slot[half_bins(known.cols) + at.middle];
  if (w < 0) return {0.0f, 0.0f};
  return folded(known.operators[at.adapter], at.inner, w, known.rows);
}
