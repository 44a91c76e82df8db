/* A few neighbouring elements of a matrix of a known format, read and written together. */
#ifndef FOURIERFT_ELEMENT_RUN_H
#define FOURIERFT_ELEMENT_RUN_H

#include "element.h"

/* How an element is stored, and the arithmetic in which it is used. */
template <int32_t TYPE>
struct ElementFormat {
  using Stored = float;
  using Value = float;
};

template <>
struct ElementFormat<FOURIERFT_F64> {
  using Stored = double;
  using Value = double;
};

template <>
struct ElementFormat<FOURIERFT_F16> {
  using Stored = __half;
  using Value = float;
};

template <>
struct ElementFormat<FOURIERFT_BF16> {
  using Stored = __nv_bfloat16;
  using Value = float;
};

/* COUNT elements, 1 or a small power of two, which must be aligned together. */
template <int32_t TYPE, int COUNT>
class ElementRun {
 public:
  using Stored = typename ElementFormat<TYPE>::Stored;
  using Value = typename ElementFormat<TYPE>::Value;

  __device__ __forceinline__ ElementRun(const void *data, int64_t first)
      : place_(global(static_cast<Stored *>(const_cast<void *>(data)) + first)) {}

  /* Whether rows of a matrix may be read in such runs from any multiple of COUNT on. */
  static __device__ __forceinline__ bool is_aligned(const void *data, int64_t stride) {
    return reinterpret_cast<uintptr_t>(data) % ALIGNMENT == 0 && stride % COUNT == 0;
  }

  __device__ __forceinline__ ElementRun at(int64_t offset) const {
    return ElementRun(place_, offset);
  }

  template <typename Number>
  __device__ __forceinline__ void load(Number (&values)[COUNT]) const {
    const Together together = *reinterpret_cast<const Together *>(place_);
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      if constexpr (TYPE == FOURIERFT_F64) {
        values[k] = static_cast<Number>(together.element[k]);
      } else {
        values[k] = load_float(together.element, TYPE, k);
      }
    }
  }

  template <typename Number>
  __device__ __forceinline__ void store(const Number (&values)[COUNT]) const {
    Together together;
    FOURIERFT_UNROLL
    for (int k = 0; k < COUNT; k++) {
      if constexpr (TYPE == FOURIERFT_F64) {
        together.element[k] = static_cast<double>(values[k]);
      } else {
        store_float(together.element, TYPE, k, values[k]);
      }
    }
    *reinterpret_cast<Together *>(place_) = together;
  }

 private:
  /* No access is wider than 16 bytes. */
  static constexpr size_t ALIGNMENT = COUNT * sizeof(Stored) < 16 ? COUNT * sizeof(Stored) : 16;
  struct alignas(ALIGNMENT) Together {
    Stored element[COUNT];
  };

  Stored *place_;
};

#endif
