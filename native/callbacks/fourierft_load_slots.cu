/* The pruned path's first load: the filled columns, before their transform. */
#include "fused.h"

FOURIERFT_LOAD_COMPLEX(fourierft_load_slots) {
  const fourierft_fused &fused = *static_cast<const fourierft_fused *>(info);
  const fourierft_element at = take_apart(offset, fused.load_inner, fused.load_middle);
  const int64_t w = fused.adapters[at.adapter].column_slot[half_bins(fused.cols) + at.middle];
  if (w < 0) return {0.0f, 0.0f};
  return folded(fused.operators[at.adapter], at.inner, w, fused.rows);
}
