#!/usr/bin/env bash
# The CPU kernels on an emulated ARM, with vectors of NEON and of SVE: their results against the definition.
# Wants a build with its tests, Debian or Ubuntu with mmdebstrap and qemu-user-static, and the network; takes some ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in mmdebstrap qemu-aarch64-static; do
  command -v "$tool" >/dev/null || { echo "aarch64.sh: no $tool here: apt-get install mmdebstrap qemu-user-static" >&2; exit 1; }
done
version=$(sed -n 's:.*<version>\(.*\)</version>.*:\1:p' pom.xml | head -n 1)
jar=target/fourierft-$version.jar
for made in "$jar" target/test-classes; do
  [ -e "$made" ] || { echo "aarch64.sh: no $made: run mvn verify first" >&2; exit 1; }
done

root=target/aarch64
java=$root/usr/lib/jvm/java-25-openjdk-arm64/bin/java
if ! [ -x "$java" ]; then
  rm -rf "$root"
  mmdebstrap --variant=extract --architectures=arm64 --include=openjdk-25-jre-headless trixie "$root" http://deb.debian.org/debian
  ln -s usr/lib "$root/lib"
fi

# A processor, and the vectors that Java should find there.
check() {
  echo "== $1, $2 kernels"
  qemu-aarch64-static -L "$root" -cpu "$1" "$java" -Xmx1g --add-modules jdk.incubator.vector \
    -cp "$jar:target/test-classes" io.fourierft.internal.cpu.simd.CompactAccuracySuite "$2" | tee "$root/output"
  grep -q "all results agree" "$root/output"
  [ $# -lt 3 ] || grep -q "kernels simd: taken, $3-bit vectors" "$root/output"
}

check cortex-a72 simd 128
check max,sve-default-vector-length=16 simd 128
check max,sve-default-vector-length=32 simd 256
check max,sve-default-vector-length=64 simd 512
check cortex-a72 jtransforms
