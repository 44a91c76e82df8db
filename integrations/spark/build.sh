#!/usr/bin/env bash
# Builds the library of this checkout, if its jar is older than its sources, and the Spark job.
#   integrations/spark/build.sh            without the tests
#   integrations/spark/build.sh verify     with them
set -euo pipefail

home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd "$home/../.." && pwd)
jar=$root/target/fourierft-0.1.0.jar
if [ ! -e "$jar" ] || [ -n "$(find "$root/pom.xml" "$root/src/main" -newer "$jar" -type f -print -quit)" ]; then
  (cd "$root" && mvn -q -B -Dmaven.test.skip=true -Dfourierft.emulator.skip=true -Dfourierft.kernels.skip=true package) >&2
fi
cd "$home"
if [ "${1:-}" = verify ]; then
  mvn -B --no-transfer-progress "-Dfourierft.jar=$jar" verify
else
  mvn -q -B -DskipTests "-Dfourierft.jar=$jar" package >&2
fi
