/*
 * Control of the emulated CUDA driver, exported by its libcuda.so.1 beside the driver API. All
 * functions may be called from any thread and at any time, and need no context.
 *
 * Environment, read at cuInit:
 *   EMULATED_CUDA_DEVICES      how many devices (1)
 *   EMULATED_CUDA_MEMORY       bytes of memory of each (1 GiB)
 *   EMULATED_CUDA_CAPABILITY   compute capability, as 9.0 (9.0)
 *   EMULATED_CUDA_VERSION      what cuDriverGetVersion says (13000)
 *   EMULATED_CUFFT_VERSION     what cufftGetVersion says (by the library's name)
 *   EMULATED_CUFFT_PERTURBATION   what sets the results of two plans, and of two shapes of products,
 *                              apart, relative to their root mean square, as 1e-7 (0)
 *   EMULATED_CUBLAS_VERSION    the version of cuBLAS, as 130100 (by the library's name)
 *   CUDA_VISIBLE_DEVICES       as the real driver's: numbers, separated by commas
 */
#ifndef EMULATOR_H
#define EMULATOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What is alive. ---- */

/*
 * How many of a kind are alive. Kinds: "memory" and "memory_bytes" (device), "pinned" and
 * "pinned_bytes" (host), "context", "stream", "event", "module", "graph", "graph_exec", "plan",
 * "blas" (handles of cuBLAS), "primary" (shares in primary contexts). A lost or destroyed context takes what it held with it.
 * -1 if there is no such kind.
 */
int64_t emu_live(const char *kind);

/* How many of a kind were ever made; for the bytes, the most that were alive at a time. */
int64_t emu_total(const char *kind);

/*
 * Calls since the last emu_reset_calls of an exported function, by its exact name, or of a group:
 * "alloc" (device memory), "pinned" (host memory), "launch", "copy", "memset", "plan" (creating
 * and making), "blas" (making handles), "exec" (transforms, products and graphs), "sync" (all that wait), "any".
 */
int64_t emu_calls(const char *function_or_group);
void emu_reset_calls(void);

/* ---- Faults. ---- */

/*
 * Lets the `nth` call from now (1 is the next) of a function or group return `code` instead of
 * doing anything. A code that CUDA makes sticky (700, 719, ...) loses the current context besides.
 * Several may wait at a time. For cuFFT's functions the code is a cufftResult, for
 * cuBLAS's a cublasStatus_t.
 */
void emu_fail(const char *function_or_group, int64_t nth, int code);

/*
 * Lets the nth operation from now that a stream runs (kernel, copy, memset, transform, product) fail with
 * `code`: the call that enqueued it has returned by then, and every later call fails.
 */
void emu_fail_operation(int64_t nth, int code);

/* Takes back all faults that have not happened yet; returns how many. */
int64_t emu_clear_faults(void);

/* Loses the device: every call on its contexts fails with `code` until they are destroyed. */
void emu_lose_device(int device, int code);

/* Bytes of memory that a device has from now on; allocations beyond fail. 0: as at the start. */
void emu_set_memory(int device, int64_t bytes);

/* ---- Asynchrony. ---- */

/*
 * While held, streams take work and run none of it: a call that returns has not waited. Calls that
 * wait go on waiting until the hold ends. Returns the hold before.
 */
int emu_hold(int held);

/* Lets streams sleep before every operation, so that missing synchronisation shows. */
void emu_set_delay(int64_t microseconds);

/* ---- Misuse that a real driver need not notice. ---- */

/*
 * Violations so far: a handle used after its end, a double free, a copy or kernel outside its
 * buffer, damaged guard zones, leaks of a destroyed context, a barrier that not all threads reach.
 */
int64_t emu_violations(void);

/* Copies the text of violation `index` (from 0), cut to `size` bytes; returns its full length. */
int64_t emu_violation(int64_t index, char *text, int64_t size);
void emu_clear_violations(void);

/* Checks the guard zones of all live memory now; returns how many are damaged. */
int64_t emu_check_guards(void);

#ifdef __cplusplus
}
#endif

#endif
