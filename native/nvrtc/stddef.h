/* For NVRTC, which has no host headers. */
#ifndef FOURIERFT_NVRTC_STDDEF_H
#define FOURIERFT_NVRTC_STDDEF_H

typedef decltype(sizeof(0)) size_t;

#define offsetof(type, member) ((size_t)__INTADDR__(&(((type *)0)->member)))

#endif
