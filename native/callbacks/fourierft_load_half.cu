/* The folded path's load: the half spectrum, which is never stored. */
#include "fused.h"

FOURIERFT_LOAD_COMPLEX(fourierft_load_half) {
  const fourierft_fused &fused = *static_cast<const fourierft_fused *>(info);
  const fourierft_element at = take_apart(offset, fused.load_inner, fused.load_middle);
  return folded(fused.operators[at.adapter], at.middle, at.inner, fused.rows);
}
