/* cuFFT's callbacks by name, for the emulated cuFFT. */
#ifndef CALLBACKS_H
#define CALLBACKS_H

#include "bridge.h"
#include "kernels.h"

namespace emulator {

/* The callback of that name, or null. */
const Callback *find_callback(const std::string &name);

/*
 * Asks about all that the callbacks of one execution will touch by way of their caller info, which
 * is asked about first; false after a no. Either may be null. `elements` is the size of the plan's
 * input with its padding.
 */
bool check_callback_info(const Callback *load, const Callback *store, const void *info,
                         int64_t elements, const BufferCheck &check);

}  // namespace emulator

#endif
