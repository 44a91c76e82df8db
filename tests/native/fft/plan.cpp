#include "plan.h"

#include <algorithm>
#include <complex>
#include <cstring>
#include <limits>

#include "perturbation.h"

namespace emulator {

using Complex = std::complex<double>;

namespace {

int64_t product(const std::vector<int64_t> &sizes) {
  int64_t elements = 1;
  for (const int64_t size : sizes) elements *= size;
  return elements;
}

std::vector<int64_t> halved(std::vector<int64_t> sizes) {
  sizes.back() = sizes.back() / 2 + 1;
  return sizes;
}

/* Goes to the next index of an array, row by row; false after the last. */
bool advance(std::vector<int64_t> &index, const std::vector<int64_t> &sizes) {
  for (size_t axis = sizes.size(); axis-- > 0;) {
    if (++index[axis] < sizes[axis]) return true;
    index[axis] = 0;
  }
  return false;
}

Layout packed(const std::vector<int64_t> &sizes) { return {sizes, 1, product(sizes)}; }

/* Real rows with the room that their half spectra need in the same place. */
Layout padded(const std::vector<int64_t> &sizes) {
  std::vector<int64_t> embed = sizes;
  embed.back() = 2 * (sizes.back() / 2 + 1);
  return packed(embed);
}

int64_t extent(const Layout &layout, const std::vector<int64_t> &sizes, int64_t batch) {
  std::vector<int64_t> last = sizes;
  for (int64_t &index : last) index--;
  return layout.place(batch - 1, last) + 1;
}

/* Transforms every line of a dense array along one axis. */
void along(std::vector<Complex> &data, const std::vector<int64_t> &sizes, size_t axis,
           const Dft &dft, int sign) {
  int64_t inner = 1;
  for (size_t i = axis + 1; i < sizes.size(); i++) inner *= sizes[i];
  const int64_t length = sizes[axis];
  const int64_t outer = product(sizes) / (inner * length);
  std::vector<Complex> line(length);
  for (int64_t o = 0; o < outer; o++) {
    for (int64_t i = 0; i < inner; i++) {
      Complex *first = data.data() + o * length * inner + i;
      for (int64_t j = 0; j < length; j++) line[j] = first[j * inner];
      dft.transform(line, sign);
      for (int64_t j = 0; j < length; j++) first[j * inner] = line[j];
    }
  }
}

/* From dense half spectra of the last axis to whole ones; what must be real is taken as real. */
std::vector<Complex> unfolded(const std::vector<Complex> &half, int64_t length) {
  const int64_t bins = length / 2 + 1;
  const auto lines = static_cast<int64_t>(half.size()) / bins;
  std::vector<Complex> whole(lines * length);
  for (int64_t line = 0; line < lines; line++) {
    for (int64_t w = 0; w < bins; w++) {
      const bool real = w == 0 || 2 * w == length;
      const Complex value = real ? half[line * bins + w].real() : half[line * bins + w];
      whole[line * length + w] = value;
      if (!real) whole[line * length + length - w] = std::conj(value);
    }
  }
  return whole;
}

std::vector<Complex> folded(const std::vector<Complex> &whole, int64_t length) {
  const int64_t bins = length / 2 + 1;
  const auto lines = static_cast<int64_t>(whole.size()) / length;
  std::vector<Complex> half(lines * bins);
  for (int64_t line = 0; line < lines; line++) {
    std::copy_n(whole.begin() + line * length, bins, half.begin() + line * bins);
  }
  return half;
}

}  // namespace

int64_t Layout::place(int64_t batch, const std::vector<int64_t> &index) const {
  int64_t flat = index[0];
  for (size_t axis = 1; axis < index.size(); axis++) flat = flat * embed[axis] + index[axis];
  return batch * distance + flat * stride;
}

std::vector<int64_t> Transform::input_sizes() const {
  return type == CUFFT_C2R ? halved(sizes) : sizes;
}

std::vector<int64_t> Transform::output_sizes() const {
  return type == CUFFT_R2C ? halved(sizes) : sizes;
}

Layout Transform::input_layout(bool in_place) const {
  if (!basic) return input;
  return type == CUFFT_R2C && in_place ? padded(sizes) : packed(input_sizes());
}

Layout Transform::output_layout(bool in_place) const {
  if (!basic) return output;
  return type == CUFFT_C2R && in_place ? padded(sizes) : packed(output_sizes());
}

int64_t Transform::input_bytes(bool in_place) const {
  return extent(input_layout(in_place), input_sizes(), batch) * (type == CUFFT_R2C ? 4 : 8);
}

int64_t Transform::output_bytes(bool in_place) const {
  return extent(output_layout(in_place), output_sizes(), batch) * (type == CUFFT_C2R ? 4 : 8);
}

/* None for short powers of two, as cuFFT often has it; else one copy of the complex side. */
int64_t Transform::work_bytes() const {
  const bool power_of_two = (sizes[0] & (sizes[0] - 1)) == 0;
  if (sizes.size() == 1 && power_of_two && sizes[0] <= 4096) return 0;
  return batch * product(type == CUFFT_C2C ? sizes : halved(sizes)) * 8;
}

int64_t Transform::input_elements() const { return batch * input_layout(true).distance; }

namespace {

/* Calls visit(place) for every element of one transform of a side, row by row. */
template <typename Visit>
void each_place(const Layout &layout, const std::vector<int64_t> &sizes, int64_t b, Visit visit) {
  std::vector<int64_t> index(sizes.size(), 0);
  do {
    visit(layout.place(b, index));
  } while (advance(index, sizes));
}

/* What cuFFT may leave where a callback takes the place of its memory, or in a C2R's input. */
void spoil(float *data, int floats, const Layout &layout, const std::vector<int64_t> &sizes,
           int64_t b) {
  each_place(layout, sizes, b, [=](int64_t place) {
    std::fill_n(data + place * floats, floats, std::numeric_limits<float>::quiet_NaN());
  });
}

}  // namespace

std::vector<Complex> Transform::read(float *from, const Layout &layout, int64_t b) const {
  std::vector<Complex> data;
  data.reserve(product(input_sizes()));
  each_place(layout, input_sizes(), b, [&](int64_t place) {
    if (type == CUFFT_R2C) {
      data.emplace_back(from[place]);
    } else if (load.callback == nullptr) {
      data.emplace_back(from[2 * place], from[2 * place + 1]);
    } else {
      float re;
      float im;
      load.callback->load(from, place, load.info, &re, &im);
      data.emplace_back(re, im);
    }
  });
  return data;
}

void Transform::write(const std::vector<Complex> &result, float *to, const Layout &layout,
                      int64_t b) const {
  auto value = result.begin();
  each_place(layout, output_sizes(), b, [&](int64_t place) {
    const auto re = static_cast<float>(value->real());
    if (type != CUFFT_C2R) {
      to[2 * place] = re;
      to[2 * place + 1] = static_cast<float>(value->imag());
    } else if (store.callback == nullptr) {
      to[place] = re;
    } else {
      store.callback->store(to, place, re, store.info);
    }
    ++value;
  });
}

void Transform::perturb(std::vector<Complex> &result, bool in_place) const {
  const double relative = perturbation();
  if (relative == 0) return;
  Fingerprint plan;
  plan.add(type).add(batch).add(in_place).add(load.callback != nullptr).add(store.callback != nullptr);
  for (const int64_t size : sizes) plan.add(size);
  for (const Layout &layout : {input_layout(in_place), output_layout(in_place)}) {
    plan.add(layout.stride).add(layout.distance);
    for (const int64_t size : layout.embed) plan.add(size);
  }
  plan.perturb(result, relative);
}

void Transform::run(float *from, float *to, int sign) const {
  const bool in_place = from == to;
  const size_t last = sizes.size() - 1;
  const int direction = type == CUFFT_C2C ? sign : type == CUFFT_R2C ? -1 : 1;
  std::vector<std::vector<Complex>> results;

  for (int64_t b = 0; b < batch; b++) {
    std::vector<Complex> data = read(from, input_layout(in_place), b);
    if (type == CUFFT_R2C) {
      along(data, sizes, last, dfts[last], direction);
      data = folded(data, sizes[last]);
    } else if (type == CUFFT_C2C) {
      along(data, sizes, last, dfts[last], direction);
    }
    for (size_t axis = 0; axis < last; axis++) {
      along(data, type == CUFFT_C2C ? sizes : halved(sizes), axis, dfts[axis], direction);
    }
    if (type == CUFFT_C2R) {
      data = unfolded(data, sizes[last]);
      along(data, sizes, last, dfts[last], direction);
    }
    perturb(data, in_place);
    results.push_back(std::move(data));
  }

  /* cuFFT may overwrite the input of a C2R; a caller that reads it again shall see that. */
  const bool input_spoilt = load.callback != nullptr || (type == CUFFT_C2R && !in_place);
  const int read_floats = type == CUFFT_R2C ? 1 : 2;
  for (int64_t b = 0; b < batch; b++) {
    if (input_spoilt) spoil(from, read_floats, input_layout(in_place), input_sizes(), b);
    if (store.callback != nullptr) spoil(to, 1, output_layout(in_place), output_sizes(), b);
  }
  for (int64_t b = 0; b < batch; b++) write(results[b], to, output_layout(in_place), b);
}

}  // namespace emulator
