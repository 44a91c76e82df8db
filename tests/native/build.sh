#!/bin/sh
# Called by Maven: builds the emulated driver of the tests, if the tools for it are here, and says in one
# line if they are not. It is not built again when nothing changed.
#
#   tests/native/build.sh BUILD_FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1

for tool in cmake c++; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "$tool is not on the PATH: the tests on the emulated CUDA driver are skipped"
    exit 0
  fi
done
mkdir -p "$(dirname "$build")"
# A build folder that came along with a copied or moved checkout knows the paths of the other place.
cache=$build/CMakeCache.txt
if [ -f "$cache" ] && ! [ "$(sed -n 's/^CMAKE_CACHEFILE_DIR:INTERNAL=//p' "$cache")" -ef "$build" ]; then
  rm -rf "$build"
fi
cmake -S "$here" -B "$build" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
cmake --build "$build" --target emulator --parallel 2 >>"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
