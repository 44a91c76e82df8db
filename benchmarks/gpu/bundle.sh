#!/usr/bin/env bash
# Makes target/gpu-bundle (and target/gpu-bundle.tar.gz): everything that a Linux x86-64 machine with a
# GPU, but without Java, Maven or network, needs to run benchmarks/gpu/run.sh.
#
#   benchmarks/gpu/bundle.sh [OUTPUT_FOLDER]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
out=${1:-$root/target/gpu-bundle}
. src/launcher/find-java.sh
limit_kib=$((60 * 1024))

# The version of the launcher's jar that belongs to the JUnit of pom.xml: 1.13.4 for 5.13.4.
junit=$(sed -n 's:.*<junit.version>5\.\(.*\)</junit.version>.*:1.\1:p' pom.xml)
console="junit-platform-console-standalone"

maven() {
  # Offline first: a second run needs nothing from outside.
  mvn -o -q -B "$@" >/dev/null 2>&1 || mvn -q -B "$@"
}

if ! jdk=$(find_java 25) || [ ! -x "$jdk/bin/jlink" ]; then
  echo "bundle.sh: no JDK 25 or later with jlink was found; set JAVA_HOME" >&2
  exit 1
fi
echo "== building the library and its tests"
maven -DskipTests -Dfourierft.distribution.skip=true package
maven dependency:copy "-Dartifact=org.junit.platform:$console:$junit" "-DoutputDirectory=$root/target/gpu-console"
maven dependency:build-classpath -DincludeScope=test "-Dmdep.outputFile=$root/target/gpu-test.classpath"

rm -rf "$out"
mkdir -p "$out/lib" "$out/test-lib" "$out/benchmark"

echo "== collecting"
version=$(sed -n 's:.*<version>\(.*\)</version>.*:\1:p' pom.xml | head -n 1)
cp "target/fourierft-$version.jar" "$out/lib/"
cuda=target/fourierft-$version-linux-x86_64-cuda.jar
[ ! -e "$cuda" ] || cp "$cuda" "$out/lib/"
cp target/gpu-console/"$console-$junit.jar" "$out/test-lib/"
tr ':' '\n' <target/gpu-test.classpath | while read -r jar; do
  case $(basename "$jar") in
    jackson-*.jar | JTransforms-*.jar | JLargeArrays-*.jar | commons-math3-*.jar | jspecify-*.jar)
      cp "$jar" "$out/lib/" ;;
    jqwik-api-*.jar | jqwik-engine-*.jar)
      cp "$jar" "$out/test-lib/" ;;
  esac
done

# The tests that run on a real device, and every class that one of them names, in annotations too, which
# jdeps leaves out; the others need what is not in here.
mkdir -p "$out/test-classes"
collect_tests() {
  local name waiting known=" "
  cd target/test-classes
  mapfile -t waiting < <(find . -name 'Gpu*Test*.class' | sed 's:^\./::; s:\.class$::')
  while [ "${#waiting[@]}" -gt 0 ]; do
    name=${waiting[-1]}
    unset 'waiting[-1]'
    case $known in *" $name "*) continue ;; esac
    known+="$name "
    [ -f "$name.class" ] || continue
    cp --parents "$name.class" "$out/test-classes"
    mapfile -t -O "${#waiting[@]}" waiting < <(grep -aoE 'io/fourierft/[A-Za-z0-9_/$]+' "$name.class" | sort -u)
  done
}
(collect_tests)
mkdir -p "$out/tests/resources" && cp -r tests/resources/fixtures "$out/tests/resources/"

mkdir -p "$out/native" "$out/cmake"
cp -r native/CMakeLists.txt native/callbacks native/include native/kernels "$out/native/"
cp cmake/*.cmake "$out/cmake/"
# What the compiler said of the jar's kernels, where they were built.
[ ! -f target/kernels/resources.md ] || cp target/kernels/resources.md "$out/"
cp benchmarks/gpu/run.sh benchmarks/gpu/cases.json benchmarks/gpu/python/*.py benchmarks/gpu/README.md "$out/"

echo "== compiling the benchmark"
maven -f benchmarks "-Dfourierft.jar=$out/lib/fourierft-$version.jar" compile
(cd benchmarks/target/classes && cp -r --parents io/fourierft/benchmarks/gpu "$out/benchmark")

echo "== linking a runtime"
# What jdeps sees, without the modules of desktops and databases, which Jackson and JTransforms name
# for classes that nothing here uses; and those that are used by name alone.
# As one folder of classes: jdeps would ask for every module that a modular jar names.
merged=$(mktemp -d)
trap 'rm -rf "$merged"' EXIT
for jar in "$out"/lib/*.jar "$out"/test-lib/*.jar; do
  (cd "$merged" && "$jdk/bin/jar" --extract --file "$jar")
done
cp -r "$out/benchmark/." "$out/test-classes/." "$merged/"
rm -rf "$merged/META-INF" "$merged/module-info.class" "$merged/io/fourierft/cli"
seen=$("$jdk/bin/jdeps" --ignore-missing-deps --multi-release 25 --print-module-deps "$merged")
modules=java.base,jdk.incubator.vector,jdk.unsupported,java.logging,java.management
for module in ${seen//,/ }; do
  case $module in
    java.desktop | java.sql | java.xml | java.scripting | jdk.compiler | java.compiler | jdk.jfr | java.instrument) ;;
    *) case ,$modules, in *,"$module",*) ;; *) modules=$modules,$module ;; esac ;;
  esac
done
echo "modules: $modules (jdeps saw $seen)"
"$jdk/bin/jlink" --add-modules "$modules" --compress zip-9 --strip-debug --no-header-files --no-man-pages \
  --output "$out/runtime"

commit=$(git rev-parse HEAD)
[ -z "$(git status --porcelain --untracked-files=no)" ] || commit="$commit, with changes not committed"
printf '%s\n' "$commit" >"$out/COMMIT"
chmod +x "$out/run.sh"

# What is carried to the other machine is the packed file.
tar -C "$(dirname "$out")" -czf "$out.tar.gz" "$(basename "$out")"
size=$(du -k "$out.tar.gz" | cut -f1)
echo "bundle: $out, $(du -sk "$out" | cut -f1) KiB; packed: $out.tar.gz, $size KiB"
if [ "$size" -gt "$limit_kib" ]; then
  echo "bundle.sh: packed it may have at most $limit_kib KiB" >&2
  exit 1
fi
