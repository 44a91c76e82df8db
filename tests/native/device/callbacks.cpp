#include "callbacks.h"

#include <map>
#include <string_view>

#include "kernel_buffers.h"

/* The callbacks themselves, compiled for the host. */
#include "fourierft_load_columns.cu"
#include "fourierft_load_half.cu"
#include "fourierft_load_slots.cu"
#include "fourierft_store_delta_element.cu"

namespace emulator {
namespace {

/* Calls a callback with the types of the bridge, which knows no CUDA. */
template <float2 (*function)(void *, unsigned long long, void *, void *)>
void load_complex(void *data, uint64_t offset, void *info, float *re, float *im) {
  const float2 value = function(data, offset, info, nullptr);
  *re = value.x;
  *im = value.y;
}

template <void (*function)(void *, unsigned long long, float, void *, void *)>
void store_real(void *data, uint64_t offset, float value, void *info) {
  function(data, offset, value, info, nullptr);
}

int64_t half(int64_t length) { return length / 2 + 1; }

/* The tables by which folded spectra are read. */
void folded_spectra(Touched &touched, const fourierft_callback_info &info, int64_t count) {
  touched.array("operators", info.operators, count);
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const fourierft_operator &op = info.operators[a];
    touched.array("bin_start", op.bin_start, half(info.cols) + 1);
    if (!touched.valid) return;
    const int64_t entries = op.bin_start[half(info.cols)];
    touched.indices("source", op.source, entries, 0, 2 * half(info.rows));
    touched.indices("frequency", op.frequency, entries, 0, op.frequencies);
    touched.array("coefficient", op.coefficient, op.frequencies);
  }
}

void slots_of(Touched &touched, const fourierft_callback_info &info, int64_t count) {
  touched.array("adapters", info.adapters, count);
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const int32_t *slot = info.adapters[a].column_slot;
    touched.indices("column_slot", slot, half(info.cols), -1, info.slots);
    touched.indices("column of slot", slot + half(info.cols), half(info.cols), -1,
                    half(info.cols));
  }
}

bool divides(const fourierft_divisor &by, int64_t wanted) {
  return by.divisor == static_cast<uint64_t>(wanted) && by.magic == UINT64_MAX / by.divisor;
}

}  // namespace

const Callback *find_callback(const std::string &name) {
  /* Never freed: plans may outlive the end of main. */
  static const auto *callbacks = new std::map<std::string, Callback>{
#define EMULATED_LOAD(name) {#name, {#name, load_complex<::name>, nullptr}},
#define EMULATED_STORE(name) {#name, {#name, nullptr, store_real<::name>}},
      FOURIERFT_CALLBACK_LIST(EMULATED_LOAD, EMULATED_STORE)
#undef EMULATED_LOAD
#undef EMULATED_STORE
  };
  const auto found = callbacks->find(name);
  return found == callbacks->end() ? nullptr : &found->second;
}

bool check_callback_info(const Callback *load, const Callback *store, const void *info,
                         int64_t elements, const BufferCheck &check) {
  Touched touched({1, FOURIERFT_BLOCK, 0}, check);
  const auto *known = static_cast<const fourierft_callback_info *>(info);
  if (!touched.array("caller info", known, 1).valid) return false;
  const std::string_view loaded = load == nullptr ? "" : load->name;
  const bool by_slot = loaded == "fourierft_load_slots";
  const int64_t inner = by_slot ? known->rows : half(known->cols);
  const int64_t middle = by_slot ? known->slots : known->rows;
  touched.require("load_inner", divides(known->load_inner, inner));
  touched.require("load_middle", divides(known->load_middle, middle));
  if (!touched.valid) return false;
  const int64_t count = elements / (inner * middle);
  touched.require("the plan's size", elements == count * inner * middle);
  if (by_slot || loaded == "fourierft_load_columns") slots_of(touched, *known, count);
  if (by_slot || loaded == "fourierft_load_half") folded_spectra(touched, *known, count);
  if (loaded == "fourierft_load_columns") {
    touched.array("columns", known->columns, count * known->slots * known->rows);
  }
  if (store == nullptr || !touched.valid) return touched.valid;
  touched.require("store_inner", divides(known->store_inner, 2 * half(known->cols)));
  touched.array("targets", known->targets, count);
  for (int64_t a = 0; a < count && touched.valid; a++) {
    const fourierft_target &target = known->targets[a];
    touched.require("transposed", target.transposed == 0);
    touched.matrix("target", target.data, target.type, known->rows, known->cols, target.stride);
  }
  return touched.valid;
}

}  // namespace emulator
