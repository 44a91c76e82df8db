/* The exported functions of the emulated cuBLAS. */
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <string>

#include "bridge.h"
#include "handles.h"
#include "product.h"

using emulator::BlasHandle;
using emulator::BlasHandles;
using emulator::BlasMatrix;
using emulator::BusyHandle;
using emulator::Product;
namespace bridge = emulator::bridge;

namespace {

constexpr int ILLEGAL_ADDRESS = 700;

/* What the library writes to of a workspace, of whatever size. */
constexpr int64_t SPOILED = 4096;

/* What the library wants of the start of a workspace. */
constexpr uintptr_t ALIGNMENT = 256;

/* Workspaces in use: two products at once in one of them spoil each other. */
struct Workspaces {
  std::mutex mutex;
  std::multiset<void *> busy;

  static Workspaces &get() {
    static auto *workspaces = new Workspaces();
    return *workspaces;
  }

  void enter(void *workspace) {
    std::lock_guard<std::mutex> lock(mutex);
    if (busy.count(workspace) != 0) bridge::violation("cuBLAS: two products in one workspace");
    busy.insert(workspace);
  }

  void leave(void *workspace) {
    std::lock_guard<std::mutex> lock(mutex);
    busy.erase(busy.find(workspace));
  }
};

/* Counts a call; a fault that is due, no context and a lost one stop it. */
cublasStatus_t begin(const char *function, const char *group, uint64_t *context) {
  const int fault = bridge::count_call(function, group);
  if (fault != 0) return static_cast<cublasStatus_t>(fault);
  if (context == nullptr) return CUBLAS_STATUS_SUCCESS;
  int lost = 0;
  *context = bridge::current_context(&lost);
  if (*context == 0) return CUBLAS_STATUS_NOT_INITIALIZED;
  return lost != 0 ? CUBLAS_STATUS_INTERNAL_ERROR : CUBLAS_STATUS_SUCCESS;
}

int version() {
  const char *text = getenv("EMULATED_CUBLAS_VERSION");
  return text == nullptr ? EMULATED_CUBLAS_DEFAULT_VERSION : atoi(text);
}

bool overlap(const void *a, int64_t a_bytes, const void *b, int64_t b_bytes) {
  const auto first = reinterpret_cast<uint64_t>(a);
  const auto second = reinterpret_cast<uint64_t>(b);
  return first < second + b_bytes && second < first + a_bytes;
}

/* Whether two matrices are different rows of columns of the same length, as halves of one buffer. */
bool side_by_side(const BlasMatrix &a, const BlasMatrix &b) {
  const int64_t pitch = a.ld * emulator::element_bytes(a.type);
  if (pitch != b.ld * emulator::element_bytes(b.type)) return false;
  const int64_t a_width = a.rows * emulator::element_bytes(a.type);
  const int64_t b_width = b.rows * emulator::element_bytes(b.type);
  const auto distance =
      static_cast<int64_t>(reinterpret_cast<uint64_t>(b.data) - reinterpret_cast<uint64_t>(a.data));
  const int64_t within = ((distance % pitch) + pitch) % pitch;
  return within >= a_width && within + b_width <= pitch;
}

/* What a stream runs; all that it needs is in it, so that it may run again from a graph. */
int run(const Product &product, void *workspace, int64_t workspace_bytes) {
  const int64_t written = product.c.bytes();
  if (!bridge::check_device(product.a.data, product.a.bytes(), "cuBLAS A") ||
      !bridge::check_device(product.b.data, product.b.bytes(), "cuBLAS B") ||
      !bridge::check_device(product.c.data, written, "cuBLAS C") ||
      !bridge::check_device(workspace, workspace_bytes, "cuBLAS workspace")) {
    return ILLEGAL_ADDRESS;
  }
  for (const BlasMatrix &input : {product.a, product.b}) {
    if (overlap(input.data, input.bytes(), product.c.data, written) &&
        !side_by_side(input, product.c)) {
      bridge::violation("cuBLAS: C overlaps A or B");
    }
    if (overlap(workspace, workspace_bytes, input.data, input.bytes())) {
      bridge::violation("cuBLAS: the workspace overlaps A or B");
    }
  }
  if (overlap(workspace, workspace_bytes, product.c.data, written)) {
    bridge::violation("cuBLAS: the workspace overlaps C");
  }
  Workspaces::get().enter(workspace);
  memset(workspace, 0xff, std::min(workspace_bytes, SPOILED));
  product.run();
  Workspaces::get().leave(workspace);
  return 0;
}

bool is_operation(int operation) { return operation >= CUBLAS_OP_N && operation <= CUBLAS_OP_C; }

/* Whether the columns of a stored matrix may be so far apart, and its elements lie where they must. */
bool fits(const BlasMatrix &matrix) {
  return matrix.ld >= std::max<int64_t>(1, matrix.rows) &&
         reinterpret_cast<uintptr_t>(matrix.data) % emulator::element_bytes(matrix.type) == 0;
}

}  // namespace

EMULATED_API cublasStatus_t cublasGetProperty(int property, int *value) {
  if (const cublasStatus_t refused = begin(__func__, "", nullptr)) return refused;
  if (value == nullptr || property < 0 || property > 2) return CUBLAS_STATUS_INVALID_VALUE;
  const int all = version();
  *value = property == 0 ? all / 10000 : property == 1 ? all / 100 % 100 : all % 100;
  return CUBLAS_STATUS_SUCCESS;
}

EMULATED_API cublasStatus_t cublasCreate_v2(cublasHandle_t *handle) {
  uint64_t context = 0;
  if (const cublasStatus_t refused = begin(__func__, "blas", &context)) return refused;
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  if (bridge::spoils_recording()) {
    /* It allocates memory on the device. */
    bridge::violation("cuBLAS: a handle was made while the thread records");
    return CUBLAS_STATUS_ALLOC_FAILED;
  }
  *handle = BlasHandles::get().make(context);
  bridge::blas_made();
  return CUBLAS_STATUS_SUCCESS;
}

/* Frees the handle whatever has become of the context, as the driver's freeing functions do. */
EMULATED_API cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  if (const cublasStatus_t refused = begin(__func__, "free", nullptr)) return refused;
  if (BlasHandles::get().find(handle) == nullptr || !BlasHandles::get().take(handle)) {
    return CUBLAS_STATUS_NOT_INITIALIZED;
  }
  bridge::blas_freed();
  return CUBLAS_STATUS_SUCCESS;
}

/* As in the real library, this takes the workspace away again. */
EMULATED_API cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, void *stream) {
  uint64_t context = 0;
  if (const cublasStatus_t refused = begin(__func__, "", &context)) return refused;
  const std::shared_ptr<BlasHandle> found = BlasHandles::get().find(handle);
  if (found == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!bridge::is_stream(stream)) return CUBLAS_STATUS_INVALID_VALUE;
  const BusyHandle busy(found);
  busy->stream = stream;
  busy->workspace = nullptr;
  busy->workspace_bytes = 0;
  return CUBLAS_STATUS_SUCCESS;
}

EMULATED_API cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *workspace,
                                                  size_t bytes) {
  uint64_t context = 0;
  if (const cublasStatus_t refused = begin(__func__, "", &context)) return refused;
  const std::shared_ptr<BlasHandle> found = BlasHandles::get().find(handle);
  if (found == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (workspace == nullptr || reinterpret_cast<uintptr_t>(workspace) % ALIGNMENT != 0 ||
      !bridge::check_device(workspace, static_cast<int64_t>(bytes), "cuBLAS workspace")) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const BusyHandle busy(found);
  busy->workspace = workspace;
  busy->workspace_bytes = bytes;
  return CUBLAS_STATUS_SUCCESS;
}

EMULATED_API cublasStatus_t cublasSetMathMode(cublasHandle_t handle, int mode) {
  if (const cublasStatus_t refused = begin(__func__, "", nullptr)) return refused;
  const std::shared_ptr<BlasHandle> found = BlasHandles::get().find(handle);
  if (found == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  const int without_flag = mode & ~CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
  if (without_flag < CUBLAS_DEFAULT_MATH || without_flag > CUBLAS_TF32_TENSOR_OP_MATH) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const BusyHandle busy(found);
  busy->math = mode;
  return CUBLAS_STATUS_SUCCESS;
}

EMULATED_API cublasStatus_t cublasGemmEx(cublasHandle_t handle, int transa, int transb, int m,
                                         int n, int k, const void *alpha, const void *A, int Atype,
                                         int lda, const void *B, int Btype, int ldb,
                                         const void *beta, void *C, int Ctype, int ldc,
                                         int compute, int algorithm) {
  uint64_t context = 0;
  if (const cublasStatus_t refused = begin(__func__, "exec", &context)) {
    return refused == CUBLAS_STATUS_INTERNAL_ERROR ? CUBLAS_STATUS_EXECUTION_FAILED : refused;
  }
  const std::shared_ptr<BlasHandle> found = BlasHandles::get().find(handle);
  if (found == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  const BusyHandle busy(found);
  if (busy->context != context) {
    bridge::violation("cuBLAS: a handle was used in a context that it was not made in");
    return CUBLAS_STATUS_NOT_INITIALIZED;
  }
  if (!is_operation(transa) || !is_operation(transb) || m < 0 || n < 0 || k < 0 ||
      alpha == nullptr || beta == nullptr || A == nullptr || B == nullptr || C == nullptr) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (emulator::element_bytes(Atype) == 0 || emulator::element_bytes(Btype) == 0 ||
      emulator::element_bytes(Ctype) == 0 || compute != CUBLAS_COMPUTE_32F ||
      algorithm != CUBLAS_GEMM_DEFAULT) {
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  Product product{};
  product.transpose_a = transa != CUBLAS_OP_N;
  product.transpose_b = transb != CUBLAS_OP_N;
  product.depth = k;
  memcpy(&product.alpha, alpha, sizeof product.alpha);
  memcpy(&product.beta, beta, sizeof product.beta);
  product.a = {A, Atype, product.transpose_a ? k : m, product.transpose_a ? m : k, lda};
  product.b = {B, Btype, product.transpose_b ? n : k, product.transpose_b ? k : n, ldb};
  product.c = {C, Ctype, m, n, ldc};
  if (!product.supported()) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (!fits(product.a) || !fits(product.b) || !fits(product.c)) return CUBLAS_STATUS_INVALID_VALUE;
  if (m == 0 || n == 0) return CUBLAS_STATUS_SUCCESS;
  void *workspace = busy->workspace;
  const auto workspace_bytes = static_cast<int64_t>(busy->workspace_bytes);
  if (workspace == nullptr) {
    /* The real library takes memory of its own, which a graph would not keep. */
    bridge::violation("cuBLAS: a product without a workspace");
    return CUBLAS_STATUS_EXECUTION_FAILED;
  }
  const int result = bridge::submit(
      busy->stream, [=] { return run(product, workspace, workspace_bytes); });
  return result == 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
