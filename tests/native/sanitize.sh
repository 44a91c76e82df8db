#!/bin/sh
# Builds the emulated driver and its checks under AddressSanitizer (with UndefinedBehaviorSanitizer)
# and under ThreadSanitizer, and runs the checks:
#
#   tests/native/sanitize.sh [BUILD_FOLDER]
set -eu
source=$(cd "$(dirname "$0")" && pwd)
build=${1:-"$source/../../target/sanitized"}
for sanitizer in address,undefined thread; do
  folder="$build/$(echo "$sanitizer" | tr , -)"
  cmake -S "$source" -B "$folder" -DCMAKE_BUILD_TYPE=None -DEMULATOR_SANITIZER="$sanitizer" >/dev/null
  cmake --build "$folder" -j 2
  # The emulator keeps its tables for the life of the process, so leaks are what its counters say.
  ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0 \
  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
  TSAN_OPTIONS=halt_on_error=1 \
    ctest --test-dir "$folder" --output-on-failure
done
