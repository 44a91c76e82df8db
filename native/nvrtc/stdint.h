/* For NVRTC, which has no host headers. */
#ifndef FOURIERFT_NVRTC_STDINT_H
#define FOURIERFT_NVRTC_STDINT_H

typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef unsigned long long uintptr_t;

#define INT32_MAX 2147483647
#define INT64_MAX 9223372036854775807LL

#endif
