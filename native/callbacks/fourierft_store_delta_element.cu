/* The store of both paths: the last transform's output, scaled and rounded, into its delta. */
#include "element.h"
#include "fused.h"

FOURIERFT_STORE_REAL(fourierft_store_delta_element) {
  const fourierft_fused &fused = *static_cast<const fourierft_fused *>(info);
  const fourierft_element at = take_apart(offset, fused.store_inner, fused.load_middle);
  const fourierft_target &target = fused.targets[at.adapter];
  store_float(target.data, target.type, at.middle * target.stride + at.inner,
              rounded_to(target.delta_type, __fmul_rn(target.scale, value)));
}
