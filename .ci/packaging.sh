#!/usr/bin/env bash
# What others get: the jar built twice is the same to the byte, the distributions run, and a program that
# depends on the jar does in every way of packing. After a build of the project.
set -euo pipefail
cd "$(dirname "$0")/.."
. src/launcher/find-java.sh
java_home=$(find_java 25)
version=$(sed -n 's:.*<version>\(.*\)</version>.*:\1:p' pom.xml | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "packaging: $*" >&2
  exit 1
}

echo "== built again, in another folder"
mkdir "$work/again"
tar -c --exclude=./target --exclude=./.git . | tar -x -C "$work/again"
(cd "$work/again" && mvn -q -B --no-transfer-progress -Dmaven.test.skip=true -Dfourierft.quick -Dfourierft.kernels.skip=true package)
names=("fourierft-$version.jar")
# The kernels' jar is in the distributions too, where nvcc has made one.
[ -e "target/fourierft-$version-linux-x86_64-cuda.jar" ] || names+=("fourierft-$version.zip" "fourierft-$version.tar.gz")
for name in "${names[@]}"; do
  cmp "target/$name" "$work/again/target/$name" || fail "$name differs between two builds (after mvn clean?)"
done

echo "== the distribution"
export XDG_CACHE_HOME=$work/cache
mkdir "$work/folder with spaces"
tar -xzf "target/fourierft-$version.tar.gz" -C "$work/folder with spaces"
program="$work/folder with spaces/fourierft-$version"
# Without Maven, and with nothing of this checkout.
run() {
  (cd "$work" && env -i PATH=/usr/bin:/bin JAVA_HOME="$java_home" HOME="$work" XDG_CACHE_HOME="$XDG_CACHE_HOME" "$@")
}
for _ in 1 2; do
  said=$(run "$program/bin/fourierft" --version 2>&1)
  [ "$said" = "fourierft $version" ] || fail "--version says: $said"
done
[ -n "$(find "$XDG_CACHE_HOME" -name 'start-*' -size +1M)" ] || fail "no cache for starting was made"
run "$program/bin/fourierft" merge --base "$PWD/examples/tiny-llama" --adapter "$PWD/examples/adapters/poet" \
  --out "$work/merged" --check >"$work/out" 2>"$work/err" || { cat "$work/err" >&2; fail "the merge failed"; }
grep -q 'checked 1024 elements' "$work/out" || fail "the merge checked nothing"
! grep -i 'warning' "$work/err" || fail "the merge warns"
run "$program/bin/fourierft" doctor | grep 'kernels simd: taken' >/dev/null || fail "the SIMD kernels are off"
said=$(run "$java_home/bin/java" -jar "$program/lib/fourierft-$version.jar" --version)
[ "$said" = "fourierft $version" ] || fail "java -jar says: $said"
cp "target/fourierft-$version.jar" "$work/alone.jar"
said=$(run "$java_home/bin/java" -jar "$work/alone.jar" --version 2>&1) && fail "a jar alone ran"
[[ $said == *"bin/fourierft"* ]] || fail "a jar alone says: $said"

echo "== the distribution with a Java of its own"
mvn -q -B --no-transfer-progress -P runtime exec:exec@runtime assembly:single@runtime
mkdir "$work/whole"
tar -xzf "target/fourierft-$version-runtime.tar.gz" -C "$work/whole"
said=$(cd "$work" && env -i PATH=/usr/bin:/bin HOME="$work" JAVA_HOME=/nowhere "$work/whole/fourierft-$version/bin/fourierft" --version 2>&1)
[ "$said" = "fourierft $version" ] || fail "the distribution with a Java says: $said"
(cd "$work" && env -i PATH=/usr/bin:/bin HOME="$work" "$work/whole/fourierft-$version/bin/fourierft" doctor) |
  grep 'kernels simd: taken' >/dev/null || fail "the SIMD kernels are off in the distribution with a Java"

echo "== a program that depends on the library"
tests/consumer/run.sh
