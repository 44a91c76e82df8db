/* The store of both paths: the last transform's output, scaled and rounded, into its delta. */
#include "element.h"
#include "sparse_spectrum.h"

FOURIERFT_STORE_REAL(fourierft_store_delta_element) {
  const fourierft_callback_info &known = *static_cast<const fourierft_callback_info *>(info);
  const fourierft_element at = take_apart(offset, known.store_inner, known.load_middle);
  const fourierft_target &target = known.targets[at.adapter];
  store_float(target.data, target.type, at.middle * target.stride + at.inner,
              rounded_to(target.delta_type, __fmul_rn(target.scale, value)));
}
