#!/usr/bin/env bash
# Builds the Spark job and submits it: run.sh COMMAND OPTIONS, see run.sh --help.
# With SPARK_HOME to that Spark's master, with what SPARK_SUBMIT_OPTIONS says; else to a local master in one process.
set -euo pipefail

home=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd "$home/../.." && pwd)
# shellcheck source=../../src/launcher/find-java.sh
. "$root/src/launcher/find-java.sh"

if ! java_home=$(find_java 25); then
  echo "run.sh: no JDK 25 or later found in JAVA_HOME, PATH, /usr/lib/jvm and the like." >&2
  exit 1
fi
"$home/build.sh"
libraries=$root/target/fourierft-0.1.0.jar,$(find "$home/target/lib" -name '*.jar' | paste -sd, -)
submit=(
  --class io.fourierft.spark.SparkMain
  --jars "$libraries"
  --conf spark.executor.extraJavaOptions="--add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED"
)
# shellcheck disable=SC2206 # SPARK_SUBMIT_OPTIONS holds several options on purpose.
submit+=(${SPARK_SUBMIT_OPTIONS:-})
job=$home/target/fourierft-spark-0.1.0.jar
if [ -n "${SPARK_HOME:-}" ]; then
  exec env JAVA_HOME="$java_home" "$SPARK_HOME/bin/spark-submit" "${submit[@]}" \
    --driver-java-options "--add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED" "$job" "$@"
fi
flags=$(sed -n 's:.*<spark.jvm.flags>\(.*\)</spark.jvm.flags>.*:\1:p' "$home/pom.xml")
# shellcheck disable=SC2086 # Several flags on purpose.
exec "$java_home/bin/java" $flags -cp "$home/target/spark-home/jars/*" \
  org.apache.spark.deploy.SparkSubmit --master 'local[*]' --conf spark.ui.enabled=false --conf spark.log.level=ERROR \
  "${submit[@]}" "$job" "$@"
