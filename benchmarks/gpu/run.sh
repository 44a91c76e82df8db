#!/usr/bin/env bash
# Run in the unpacked bundle on a machine with a GPU: builds the kernels if nvcc is there, tests the
# engine on the GPU, lets compute-sanitizer watch it, measures, and writes a report. A step that fails
# or runs out of its time is told in the report and loses nothing of the others.
#
#   ./run.sh [quick|full] [OUTPUT_FOLDER]        within 3 minutes, or 8; full into ./results if not said
#
# FOURIERFT_GPU_JAVA_OPTS   more options for every JVM, such as -Dfourierft.cufft=PATH
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mode=${1:-full}
out=${2:-$here/results}
case $mode in
  quick) total=180 ;;
  full) total=470 ;;
  *) echo "run.sh: say quick or full, not '$mode'" >&2; exit 2 ;;
esac
if [ ! -x "$here/runtime/bin/java" ]; then
  echo "run.sh: this is no bundle; make one with benchmarks/gpu/bundle.sh and run it from there" >&2
  exit 2
fi
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d "$out/work.XXXXXX")
steps=$work/steps.tsv
: >"$steps"
failed=0

read -ra options <<<"${FOURIERFT_GPU_JAVA_OPTS:-}"
java=("$here/runtime/bin/java" --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED
  --sun-misc-unsafe-memory-access=allow -Xmx2g "-Dfourierft.project.dir=$here" "${options[@]}")
libraries=$(printf '%s:' "$here"/lib/*.jar)
benchmark="$here/benchmark:$libraries"

remaining() { echo $((total - SECONDS)); }

# step NAME SECONDS KEEP COMMAND...: runs it within SECONDS, leaving KEEP seconds for what follows.
step() {
  local name=$1 limit=$2 keep=$3 begin=$SECONDS left status verdict
  shift 3
  left=$(($(remaining) - keep))
  [ "$limit" -le "$left" ] || limit=$left
  if [ "$limit" -lt 3 ]; then
    printf '%s\tnot run\t0\tno time was left\n' "$name" >>"$steps"
    return 1
  fi
  echo "== $name (at most $limit s)"
  timeout --kill-after=5 "$limit" "$@" >"$work/$name.log" 2>&1
  status=$?
  tail -n 15 "$work/$name.log"
  case $status in
    0) verdict=passed ;;
    124 | 137) verdict="out of time" ;;
    *) verdict="FAILED ($status)" ;;
  esac
  [ "$status" -eq 0 ] || failed=1
  printf '%s\t%s\t%s\t%s\n' "$name" "$verdict" $((SECONDS - begin)) \
    "$(grep -v '^ *$' "$work/$name.log" | tail -n 1 | tr '\t' ' ' | cut -c1-200)" >>"$steps"
  return "$status"
}
skip() {
  echo "== $1: not run, $2"
  printf '%s\tnot run\t0\t%s\n' "$1" "$2" >>"$steps"
}

# A tool on the PATH, or where CUDA is usually installed.
tool() {
  command -v "$1" 2>/dev/null && return 0
  local folder
  for folder in "${CUDA_PATH:-}" "${CUDA_HOME:-}" /usr/local/cuda /usr/local/cuda-* /opt/cuda; do
    for candidate in "$folder/bin/$1" "$folder/compute-sanitizer/$1"; do
      [ -x "$candidate" ] && printf '%s\n' "$candidate" && return 0
    done
  done
  return 1
}

{
  date -u +%Y-%m-%dT%H:%MZ
  cat "$here/COMMIT"
  uname -sr
} >"$work/run.txt"
if smi=$(tool nvidia-smi); then
  "$smi" | tee "$work/nvidia-smi.txt"
  "$smi" --query-gpu=name,driver_version,memory.total,clocks.sm,clocks.mem,ecc.mode.current,mig.mode.current \
    --format=csv >"$work/nvidia-smi.csv" 2>&1
fi

step survey 60 0 "${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.Survey "$work/environment.json"
# On the emulated driver the tiny list is run, whatever was asked for.
list=$mode
emulated=0
if grep -q '"emulated" : true' "$work/environment.json" 2>/dev/null; then
  emulated=1
  list=dry
fi

# The kernels for this GPU alone: the whole list of architectures takes minutes.
if nvcc=$(tool nvcc) && cmake=$(tool cmake) && [ "$emulated" = 0 ]; then
  "$nvcc" --version | tail -n 2 >"$work/nvcc.txt"
  architecture=$(sed -n 's/.*"architecture" : \([0-9]*\).*/\1/p' "$work/environment.json" 2>/dev/null)
  # shellcheck disable=SC2317 # Run by the bash that step starts, so that timeout can end it.
  build_kernels() {
    "$cmake" -S "$here/native" -B "$work/kernels" "-DFOURIERFT_NVCC=$nvcc" "-DFOURIERFT_ARCHITECTURES=${architecture:-75}" &&
      "$cmake" --build "$work/kernels" && echo "built for sm_${architecture:-75}"
  }
  export here work nvcc cmake architecture
  export -f build_kernels
  if step kernels 60 60 bash -c build_kernels; then
    java+=("-Dfourierft.cuda.kernels=$work/kernels/resources/io/fourierft/internal/cuda/fourierft.fatbin")
  fi
else
  skip kernels "nvcc or cmake is not here, or the driver is emulated; those of the jar are used"
fi

tests="$here/test-classes:$(printf '%s:' "$here"/test-lib/*.jar)$libraries"
if [ "$mode" = full ]; then test_limit=130; else test_limit=70; fi
step conformance "$test_limit" 90 "${java[@]}" -Dfourierft.gpu.tests=cuda:0 -Djqwik.database="$work/jqwik" \
  -cp "$tests" org.junit.platform.console.ConsoleLauncher execute --scan-classpath "$here/test-classes" \
  --include-tag gpu --include-classname '.*\.Gpu.*Test' --fail-if-no-tests --details=summary --disable-banner
# A test that was skipped shows nothing; with the property set none should be.
if [ -f "$work/conformance.log" ] && ! grep -Eq '\[ +0 tests skipped' "$work/conformance.log"; then
  printf 'conformance-all\tFAILED\t0\ttests were skipped, or none finished\n' >>"$steps"
  failed=1
fi

if sanitizer=$(tool compute-sanitizer) && [ "$emulated" = 0 ]; then
  by_name=--kernel-name
  "$sanitizer" --help 2>/dev/null | grep -q -- --kernel-name || by_name=--kernel-regex
  watch=("$sanitizer" --target-processes all --error-exitcode 99 --print-limit 20)
  step memcheck 60 "$((total / 2))" "${watch[@]}" --tool memcheck "${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.SmallRun
  step racecheck 60 "$((total / 2))" "${watch[@]}" --tool racecheck "$by_name" kernel_substring=fourierft_ \
    "${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.SmallRun
else
  # Still shows that the run itself works.
  step small-run 60 60 "${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.SmallRun
  skip memcheck "compute-sanitizer is not here, or the driver is emulated"
  skip racecheck "compute-sanitizer is not here, or the driver is emulated"
fi

# Of what is left, 15 seconds are for the report; the rest is shared with the peers. Each ends by
# itself before its limit, so that nothing is cut off in the middle of a case.
half=$((($(remaining) - 15) / 2))
step benchmark "$half" 15 "${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.Benchmark \
  "$here/cases.json" "$list" "$((half - 12))" "$work/engine.json"
if python=$(command -v python3); then
  left=$(($(remaining) - 15))
  step peers "$left" 12 "$python" "$here/peers.py" "$here/cases.json" "$list" "$((left - 12))" "$work/peers.json"
else
  skip peers "python3 is not here"
fi

"${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.Report "$work" "$mode" "$out" || failed=1
echo "logs: $work; $SECONDS s of $total"
exit "$failed"
