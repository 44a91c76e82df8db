#!/usr/bin/env bash
# Builds the library and the benchmarks of this checkout, then runs the whole table in one JVM.
#   benchmarks/run.sh [--quick] [--only NAME,...] [--threads N] [--results DIR]
#     everything takes up to an hour, --quick some 10 minutes with PEFT and less without
#   benchmarks/run.sh jmh [JMH's own options, as -prof gc]
#   benchmarks/run.sh bulk [--quick] [--work FOLDER]
# See benchmarks/README.md.
set -euo pipefail
if [ "${1:-}" = --help ]; then
  sed -n '2,7s/^# //p' "$0"
  exit
fi

home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(dirname "$home")
needed=25
# shellcheck source=../src/launcher/find-java.sh
. "$root/src/launcher/find-java.sh"

if ! java_home=$(find_java "$needed"); then
  echo "run.sh: no JDK $needed or later found in JAVA_HOME, PATH, /usr/lib/jvm and the like." >&2
  exit 1
fi

echo "run.sh: building the library and the benchmarks..." >&2
(cd "$root" && mvn -q -B -Dmaven.test.skip=true -Dfourierft.distribution.skip=true -Dfourierft.kernels.skip=true package) >&2
# The version is the first of pom.xml; jars of others may lie in the same folder.
version=$(sed -n 's:.*<version>\(.*\)</version>.*:\1:p' "$root/pom.xml" | head -n 1)
jar=$root/target/fourierft-$version.jar
(cd "$home" && mvn -q -B "-Dfourierft.jar=$jar" process-classes) >&2

export FOURIERFT_BENCHMARKS_COMMIT FOURIERFT_BENCHMARKS_HOME=$home
FOURIERFT_BENCHMARKS_COMMIT=$(git -C "$root" describe --always --dirty --exclude '*' 2>/dev/null || echo unknown)
# DJL unpacks libtorch here, asks no server for anything, and reports nothing to anyone.
export DJL_CACHE_DIR=$home/target/djl DJL_OFFLINE=true OPT_OUT_TRACKING=true
class_path="$home/target/classes:$jar:${jar%.jar}-linux-x86_64-cuda.jar:$root/target/lib/*:$home/target/lib/*"
# shellcheck disable=SC2206 # FOURIERFT_JAVA_OPTS holds several options on purpose.
flags=(
  --add-modules jdk.incubator.vector
  --enable-native-access=ALL-UNNAMED
  --sun-misc-unsafe-memory-access=allow
  -Djava.awt.headless=true
  -Dai.djl.offline=true
  ${FOURIERFT_JAVA_OPTS:-}
)

if [ "${1:-}" = jmh ]; then
  shift
  exec "$java_home/bin/java" "${flags[@]}" -cp "$class_path" org.openjdk.jmh.Main "$@"
fi
if [ "${1:-}" = bulk ]; then
  shift
  exec "$java_home/bin/java" "${flags[@]}" -cp "$class_path" io.fourierft.benchmarks.bulk.BulkThroughput "$@"
fi
exec "$java_home/bin/java" "${flags[@]}" -cp "$class_path" io.fourierft.benchmarks.BenchmarkRun "$@"
