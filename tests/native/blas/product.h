/* One product of matrices as cublasGemmEx takes it: column-major, with float32 sums. */
#ifndef PRODUCT_H
#define PRODUCT_H

#include <cstdint>

#include "cublas_api.h"

namespace emulator {

/* A matrix as it is stored. */
struct BlasMatrix {
  const void *data;
  int type;
  int64_t rows;
  int64_t cols;
  int64_t ld;

  bool empty() const { return rows == 0 || cols == 0; }

  /* Bytes from the first element to the end of the last. */
  int64_t bytes() const;

  float at(int64_t row, int64_t col) const;
  void set(int64_t row, int64_t col, float value) const;
};

/* Bytes of an element, or 0 if the emulated library has no such type. */
int64_t element_bytes(int type);

/* C = alpha op(A) op(B) + beta C. */
struct Product {
  bool transpose_a;
  bool transpose_b;
  int64_t depth;
  float alpha;
  float beta;
  BlasMatrix a;
  BlasMatrix b;
  BlasMatrix c;

  /* Whether cuBLAS has a kernel for these types with float32 sums. */
  bool supported() const;

  /* Sums in rising order, each rounded to float32; the result is rounded once to C's type. */
  void run() const;
};

}  // namespace emulator

#endif
