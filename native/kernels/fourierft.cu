/* The one translation unit of the fatbin; nvcc makes a fatbin of one source at a time. */
#include "layout.h"

#include "check.cu"
#include "delta.cu"
#include "direct.cu"
#include "expand.cu"
#include "gradient.cu"
#include "line_apply.cu"
#include "line_backward.cu"
#include "line_delta.cu"
#include "optimizer.cu"
#include "scatter.cu"
#include "spectral.cu"
