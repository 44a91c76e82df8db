/*
 * The one list of this project's cuFFT callbacks: device functions that cuFFT links into its own
 * kernels when a plan is made (cufftXtSetJITCallback). They take the places of the scatter, expand
 * and store kernels of the dense paths, so that spectra are read where they are sparse and deltas
 * are written where they belong, and nothing in between passes through memory.
 *
 * Each is an LTO-IR fatbin of its own, named after the function: a linker that is given the load
 * and the store callback of one plan must not meet a function twice. They have C++ linkage, since
 * cuFFT looks for the C++ name that belongs to the signature of the callback's type.
 *
 * Every plan has one fourierft_callback_info in device memory, its caller info, which is filled
 * before each execution. The plans are those of the plain paths, in place in scratch memory that the callbacks
 * never look at: cuFFT may use it between its kernels.
 */
#ifndef FOURIERFT_CALLBACKS_H
#define FOURIERFT_CALLBACKS_H

#include "fourierft_kernels.h"

/* A number to divide by; magic is floor((2^64 - 1) / divisor). */
struct fourierft_divisor {
  uint64_t divisor; /* 0 */
  uint64_t magic;   /* 8 */
};

/*
 * What the callbacks of one execution know. An element's offset in the plan's layout is
 * (a * middle + m) * inner + i; what m and i are is said with each callback. 104 bytes.
 */
struct fourierft_callback_info {
  const fourierft_adapter *adapters;   /*  0: column_slot is read, on the pruned path */
  const fourierft_operator *operators; /*  8: by column: those of fourierft_gather_multiply for the
                                              transposed direction; scale is that of the scatter */
  const fourierft_target *targets;     /* 16: read by the store callback */
  const fourierft_complex *columns;    /* 24: [adapters][slots][rows], on the pruned path */
  int64_t rows;                        /* 32 */
  int64_t cols;                        /* 40 */
  int64_t slots;                       /* 48: 0 unless on the pruned path */
  fourierft_divisor load_inner;        /* 56 */
  fourierft_divisor load_middle;       /* 72 */
  fourierft_divisor store_inner;       /* 88: the middle is rows, as load_middle */
};

/*
 * The four of them, with the type that cuFFT calls them by:
 *
 * fourierft_load_half     load complex: element (a, u, w) of folded spectra, [rows][half(cols)]
 * fourierft_load_slots    load complex: element (a, slot, u) of their filled columns, [slots][rows]
 * fourierft_load_columns  load complex: element (a, p, w) of what the column pass left, 0 where a
 *                         column has no slot, [rows][half(cols)]
 * fourierft_store_delta_element
 *                         store real: element (a, p, q) times scale, rounded, into its target;
 *                         [rows][2 * half(cols)]
 */
#define FOURIERFT_CALLBACK_LIST(LOAD_COMPLEX, STORE_REAL) \
  LOAD_COMPLEX(fourierft_load_half)                       \
  LOAD_COMPLEX(fourierft_load_slots)                      \
  LOAD_COMPLEX(fourierft_load_columns)                    \
  STORE_REAL(fourierft_store_delta_element)

#endif
