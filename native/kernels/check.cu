/* What is asked of the fatbin before it is trusted. */
#include "device.h"

FOURIERFT_KERNEL fourierft_abi_version(int32_t *__restrict__ version) {
  if (blockIdx.x == 0 && threadIdx.x == 0) *version = FOURIERFT_KERNEL_ABI;
}
