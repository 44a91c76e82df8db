#include "plan.h"

#include <algorithm>
#include <complex>
#include <cstring>
#include <limits>

namespace emulator {
namespace {

using Complex = std::complex<double>;

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

void Transform::run(const float *from, float *to, int sign) const {
  const bool in_place = from == to;
  const Layout read = input_layout(in_place);
  const Layout written = output_layout(in_place);
  const std::vector<int64_t> read_sizes = input_sizes();
  const std::vector<int64_t> written_sizes = output_sizes();
  const size_t last = sizes.size() - 1;
  const int direction = type == CUFFT_C2C ? sign : type == CUFFT_R2C ? -1 : 1;
  std::vector<std::vector<Complex>> results;

  for (int64_t b = 0; b < batch; b++) {
    std::vector<Complex> data;
    data.reserve(product(read_sizes));
    std::vector<int64_t> index(sizes.size(), 0);
    do {
      const int64_t place = read.place(b, index);
      data.push_back(type == CUFFT_R2C ? Complex(from[place])
                                       : Complex(from[2 * place], from[2 * place + 1]));
    } while (advance(index, read_sizes));

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
    results.push_back(std::move(data));
  }

  /* cuFFT may overwrite the input of a C2R; a caller that reads it again shall see that. */
  if (type == CUFFT_C2R && !in_place) {
    auto *spoilt = const_cast<float *>(from);
    for (int64_t b = 0; b < batch; b++) {
      std::vector<int64_t> index(sizes.size(), 0);
      do {
        const int64_t place = read.place(b, index);
        spoilt[2 * place] = spoilt[2 * place + 1] = std::numeric_limits<float>::quiet_NaN();
      } while (advance(index, read_sizes));
    }
  }
  for (int64_t b = 0; b < batch; b++) {
    std::vector<int64_t> index(sizes.size(), 0);
    auto value = results[b].begin();
    do {
      const int64_t place = written.place(b, index);
      if (type == CUFFT_C2R) {
        to[place] = static_cast<float>(value->real());
      } else {
        to[2 * place] = static_cast<float>(value->real());
        to[2 * place + 1] = static_cast<float>(value->imag());
      }
      ++value;
    } while (advance(index, written_sizes));
  }
}

}  // namespace emulator
