#!/usr/bin/env bash
# Links the Java of the distribution that brings its own: what the program and its libraries use, and no more.
#   src/packaging/runtime.sh FOLDER
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=src/launcher/find-java.sh
. "$root/src/launcher/find-java.sh"
java_home=$(find_java 25 jlink) || { echo "runtime.sh: no JDK 25 with jlink was found; set JAVA_HOME" >&2; exit 1; }
rm -rf "$1"
"$java_home/bin/jlink" --output "$1" --strip-debug --no-header-files --no-man-pages --compress zip-6 --generate-cds-archive \
  --add-modules java.base,java.desktop,java.logging,jdk.incubator.vector,jdk.unsupported
