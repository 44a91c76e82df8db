#!/usr/bin/env bash
# Builds a program that depends on the library and runs it in every way of packing: Maven with its tests,
# module path, linked runtime, one shaded jar, a Spring Boot jar. After a build of the project, whose jar it
# installs in the local repository, as `mvn install` does.
set -euo pipefail
home=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$home/../.." && pwd)
# shellcheck source=src/launcher/find-java.sh
. "$root/src/launcher/find-java.sh"
java_home=$(find_java 25)
version=$(sed -n 's:.*<version>\(.*\)</version>.*:\1:p' "$root/pom.xml" | head -n 1)
work=$root/target/consumer
modules=$work/target/modules

maven() {
  # Offline first: a second run needs nothing from outside.
  mvn -o -q -B "$@" >"$work/maven.log" 2>&1 || mvn -q -B "$@" >"$work/maven.log" 2>&1 || {
    cat "$work/maven.log" >&2
    exit 1
  }
}
# expect WORDS COMMAND...: the command says these words, and nothing is wrong on standard error.
expect() {
  local words=$1 said
  shift
  said=$("$@" 2>"$work/err") || { cat "$work/err" >&2; exit 1; }
  # The one line that the flag of the Vector API costs.
  sed -i '/^WARNING: Using incubator modules: jdk.incubator.vector$/d' "$work/err"
  if [[ $said != "$words, sum 0."* ]] || grep -Eq 'WARNING|SEVERE|Exception' "$work/err"; then
    echo "consumer: '$said' instead of '$words', of: $*" >&2
    cat "$work/err" >&2
    exit 1
  fi
  echo "consumer: $words: $1 ${*: -1}"
}

rm -rf "$work"
mkdir -p "$work"
cp -r "$home/pom.xml" "$home/src" "$work/"
maven install:install-file "-Dfile=$root/target/fourierft-$version.jar" "-DpomFile=$root/dependency-reduced-pom.xml"
maven -f "$work" "-Dfourierft.version=$version" package

java=$java_home/bin/java
simd=(--add-modules jdk.incubator.vector)
quiet=(--sun-misc-unsafe-memory-access=allow)
expect "class path, simd" "$java" "${simd[@]}" "${quiet[@]}" --enable-native-access=ALL-UNNAMED -jar "$work/target/scratch-1-shaded.jar"
expect "class path, simd" "$java" "${simd[@]}" "${quiet[@]}" --enable-native-access=ALL-UNNAMED -jar "$work/target/scratch-1-boot.jar"

# Every jar has a module name of its own making: one that is made of the file's name is no ground to stand on.
for jar in "$modules"/*.jar; do
  case $("$java_home/bin/jar" --describe-module --file="$jar" --release 25 2>&1) in
    *"automatic"*) echo "consumer: $(basename "$jar") is no module" >&2; exit 1 ;;
  esac
done
"$java_home/bin/jar" --create --file="$modules/scratch.jar" --main-class=scratch.Program -C "$work/target/classes" .
expect "module, simd" "$java" "${simd[@]}" "${quiet[@]}" --enable-native-access=io.fourierft \
  --module-path "$modules" --module scratch/scratch.Program

# A linked runtime: of the library, and with the Vector API in it.
"$java_home/bin/jlink" --module-path "$modules" --add-modules scratch,jdk.incubator.vector --output "$work/linked"
expect "module, simd" "$work/linked/bin/java" "${quiet[@]}" --enable-native-access=io.fourierft \
  --add-modules jdk.incubator.vector --module scratch/scratch.Program

# What Gradle asks of a modular project: that the compiler finds every module that the descriptor names on a
# module path of the published dependencies alone, and that jdeps finds nothing missing.
"$java_home/bin/javac" --release 25 -d "$work/checked" --module-path "$(find "$modules" -name '*.jar' ! -name scratch.jar | tr '\n' ':')" \
  "$work"/src/main/java/module-info.java "$work"/src/main/java/scratch/*.java
"$java_home/bin/jdeps" --module-path "$modules" --multi-release 25 --check scratch >/dev/null
if command -v gradle >/dev/null; then
  cp "$home/build.gradle" "$home/settings.gradle" "$work/"
  (cd "$work" && JAVA_HOME=$java_home gradle -q --offline "-PfourierftVersion=$version" build run)
fi
