#!/bin/sh
# Called by Maven: builds the kernels' fatbin, if the tools for it are here, and says in one line if they
# are not. It is not built again when nothing changed.
#
#   native/build.sh BUILD_FOLDER
#
# What becomes the jar of kernels is in BUILD_FOLDER/resources then.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=$1

# A build folder that came along with a copied or moved checkout knows the paths of the other place.
cache=$build/CMakeCache.txt
if [ -f "$cache" ] && ! [ "$(sed -n 's/^CMAKE_CACHEFILE_DIR:INTERNAL=//p' "$cache")" -ef "$build" ]; then
  rm -rf "$build"
fi

for tool in cmake nvcc; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "$tool is not on the PATH: the jar is made without CUDA kernels"
    exit 0
  fi
done
mkdir -p "$(dirname "$build")"
cmake -S "$root/native" -B "$build" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
cmake --build "$build"
