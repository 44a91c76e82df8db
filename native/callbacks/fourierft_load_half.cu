/* The folded path's load: the half spectrum, which is never stored. */
#include "sparse_spectrum.h"

FOURIERFT_LOAD_COMPLEX(fourierft_load_half) {
  const fourierft_callback_info &known = *static_cast<const fourierft_callback_info *>(info);
  const fourierft_element at = take_apart(offset, known.load_inner, known.load_middle);
  return folded(known.operators[at.adapter], at.middle, at.inner, known.rows);
}
