#!/usr/bin/env bash
# Run in the unpacked bundle on a machine with a GPU: builds the kernels if nvcc is there, measures,
# tests the engine on the GPU, lets compute-sanitizer watch it, and writes a report. What matters most
# comes first; a step that fails or runs out of its time is told in the report and loses nothing of the
# others; the report is written anew after each step, and when the run is ended from outside.
#
#   ./run.sh [quick|full] [--results FOLDER] [--seconds N]
#
#   quick   the wanted ratios and few shapes; ends by itself within 290 seconds
#   full    every table, the default; within 420 seconds
#   --results FOLDER   where the report goes, ./results if not said: NAME.md, NAME.json and NAME.tgz
#   --seconds N        another limit of the whole; every step's own shrinks or grows with it
#
# FOURIERFT_GPU_JAVA_OPTS   more options for every JVM, such as -Dfourierft.cufft=PATH
# FOURIERFT_GPU_TRY         to try this script itself: "fail:STEP hang:STEP" makes steps end so
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mode=full
out=$here/results
total=
while [ $# -gt 0 ]; do
  case $1 in
    quick | full) mode=$1 ;;
    --results) out=${2:?run.sh: --results needs a folder}; shift ;;
    --seconds) total=${2:?run.sh: --seconds needs a number}; shift ;;
    *) echo "run.sh: '$1' is unknown; say [quick|full] [--results FOLDER] [--seconds N]" >&2; exit 2 ;;
  esac
  shift
done
if [ -z "$total" ]; then
  if [ "$mode" = quick ]; then total=290; else total=420; fi
fi
case $total in *[!0-9]*) echo "run.sh: --seconds takes a whole number, not '$total'" >&2; exit 2 ;; esac
if [ ! -x "$here/runtime/bin/java" ]; then
  echo "run.sh: this is no bundle; make one with benchmarks/gpu/bundle.sh and run it from there" >&2
  exit 2
fi
mkdir -p "$out"
out=$(cd "$out" && pwd)
# Only the report goes to the results; what the steps leave is packed into its .tgz.
scratch=$(mktemp -d)
work=$scratch/logs
mkdir "$work"
steps=$work/steps.tsv
: >"$steps"
failed=0
child=

read -ra options <<<"${FOURIERFT_GPU_JAVA_OPTS:-}"
libraries=$(printf '%s:' "$here"/lib/*.jar)
benchmark="$here/benchmark:$libraries"
tests="$here/test-classes:$(printf '%s:' "$here"/test-lib/*.jar)$libraries"
python=$(command -v python3 || true)

# Folders with CUDA's libraries among the packages of python3, so that the engine computes with the
# same cuFFT as its peers, and cuFFT finds its linker. Java looks there itself too, in case that this
# python3 cannot be asked.
wheels() {
  [ -n "$python" ] || return 0
  timeout 20 "$python" - <<'PYTHON' 2>/dev/null
import glob, os, sys
found = []
for site in sys.path:
    for pattern in ("nvidia/cu[0-9]*/lib", "nvidia/*/lib"):
        for folder in sorted(glob.glob(os.path.join(site, pattern)), reverse=True):
            names = ("libcufft.so.*", "libnvrtc.so.*", "libnvJitLink.so.*", "libcublas.so.*")
            if folder not in found and any(glob.glob(os.path.join(folder, n)) for n in names):
                found.append(folder)
print(":".join(found))
PYTHON
}
found=$(wheels)
library_path=${found:+$found:}${LD_LIBRARY_PATH:-}
java=(env "LD_LIBRARY_PATH=$library_path" "$here/runtime/bin/java" --add-modules jdk.incubator.vector
  --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Xmx2g
  "-Dfourierft.project.dir=$here" "${options[@]}")

# The last step may take two seconds to be killed, and a report as long as the longest so far.
slowest=2
remaining() { echo $((total - 3 - slowest - SECONDS)); }
# So many hundredths of the whole.
share() { echo $((total * $1 / 100)); }

report() {
  local name begin=$SECONDS
  name=$(timeout --kill-after=2 20 "${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.Report \
    "$work" "$mode" "$out" 2>"$scratch/report.log" | tail -n 1)
  if [ -z "$name" ]; then
    echo "run.sh: no report could be made:" >&2
    cat "$scratch/report.log" >&2
    failed=1
    return
  fi
  tar -C "$scratch" -czf "$scratch/logs.tgz" logs && mv "$scratch/logs.tgz" "$out/.$name.tgz" &&
    mv "$out/.$name.tgz" "$out/$name.tgz"
  reported=$out/$name.md
  [ $((SECONDS - begin + 1)) -le "$slowest" ] || slowest=$((SECONDS - begin + 1))
}

finish() {
  rm -rf "$scratch"
}
# Ended from outside: the step at work is ended too, and told.
ended() {
  trap '' TERM INT
  if [ -n "$child" ]; then
    kill -TERM "$child" 2>/dev/null
    printf '%s\tENDED from outside\t%s\tby a signal, and the run with it\n' "$current" $((SECONDS - begun)) >>"$steps"
  fi
  report
  echo "run.sh: ended from outside after $SECONDS s; ${reported:-no report}" >&2
  finish
  exit 143
}
trap ended TERM INT

# step NAME PERCENT KEEP COMMAND...: runs it within PERCENT of the whole, leaving KEEP percent for what
# follows. With $optional set its failure is told, and is none of the run's.
optional=
step() {
  local name=$1 limit keep left status verdict try
  limit=$(share "$2")
  keep=$(share "$3")
  shift 3
  left=$(($(remaining) - keep))
  [ "$limit" -le "$left" ] || limit=$left
  if [ "$limit" -lt 2 ]; then
    printf '%s\tnot run\t0\tno time was left\n' "$name" >>"$steps"
    return 1
  fi
  for try in ${FOURIERFT_GPU_TRY:-}; do
    case $try in
      "fail:$name") set -- bash -c 'echo "made to fail"; exit 7' ;;
      "hang:$name") set -- bash -c 'echo "made to hang"; trap "" TERM; while :; do sleep 1; done' ;;
    esac
  done
  echo "== $name (at most $limit s)"
  current=$name
  begun=$SECONDS
  # What watches its own time ends a little before the limit, so that no case is cut off in its middle.
  timeout --kill-after=2 "$limit" "${@//@SECONDS@/$((limit > 20 ? limit - 6 : limit * 7 / 10))}" \
    >"$work/$name.log" 2>&1 &
  child=$!
  wait "$child" 2>/dev/null
  status=$?
  child=
  tail -n 8 "$work/$name.log"
  case $status in
    0) verdict=passed ;;
    124 | 137) verdict="out of time" ;;
    *) verdict="FAILED ($status)" ;;
  esac
  [ "$status" -eq 0 ] || [ -n "$optional" ] || failed=1
  printf '%s\t%s\t%s\t%s\n' "$name" "$verdict" $((SECONDS - begun)) \
    "$(grep -v '^ *$' "$work/$name.log" | tail -n 1 | tr '\t' ' ' | cut -c1-200)" >>"$steps"
  report
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
  for folder in "${CUDA_PATH:-}" "${CUDA_HOME:-}" /usr/local/cuda /usr/local/cuda-* /opt/cuda \
    /opt/nvidia/nsight-compute/*; do
    for candidate in "$folder/bin/$1" "$folder/compute-sanitizer/$1" "$folder"/nsight-compute-*/"$1" "$folder/$1"; do
      [ -x "$candidate" ] && printf '%s\n' "$candidate" && return 0
    done
  done
  return 1
}

# measure NAME LIST PERCENT KEEP FILE [EARLIER...]: the engine's cases of a list, but for those measured earlier.
measure() {
  local name=$1 list=$2 percent=$3 keep=$4 file=$5
  shift 5
  step "$name" "$percent" "$keep" "${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.Benchmark \
    "$here/cases.json" "$list" @SECONDS@ "$work/$file" "$@"
}
# vary NAME PERCENT KEEP FILE SECTION MARK PROPERTY: cases of an engine that the property makes another.
vary() {
  step "$1" "$2" "$3" "${java[@]}" "$7" -cp "$benchmark" io.fourierft.benchmarks.gpu.VariantBenchmark \
    "$here/cases.json" "$list" @SECONDS@ "$work/$4" "$5" "$6"
}
# The same as measure by the peers.
peers() {
  local name=$1 list=$2 percent=$3 keep=$4 file=$5
  shift 5
  if [ -z "$python" ]; then
    skip "$name" "python3 is not here"
    return
  fi
  step "$name" "$percent" "$keep" "$python" "$here/peers.py" "$here/cases.json" "$list" @SECONDS@ \
    "$work/$file" "$@"
}

{
  date -u +%Y-%m-%dT%H:%MZ
  cat "$here/COMMIT"
  uname -sr
} >"$work/run.txt"
printf '%s\n' "$found" >"$work/wheels.txt"
# What the compiler said of the jar's kernels, if it was there.
cp "$here/resources.md" "$work/" 2>/dev/null
if smi=$(tool nvidia-smi); then
  timeout 20 "$smi" >"$work/nvidia-smi.txt" 2>&1
  timeout 20 "$smi" --query-gpu=name,driver_version,memory.total,clocks.sm,clocks.mem,ecc.mode.current,mig.mode.current \
    --format=csv >"$work/nvidia-smi.csv" 2>&1
fi

step survey 8 0 "${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.Survey "$work/environment.json"
# On the emulated driver the tiny lists are run, whatever was asked for.
list=$mode
wanted=wanted
emulated=0
if grep -q '"emulated" : true' "$work/environment.json" 2>/dev/null; then
  emulated=1
  list=dry
  wanted=dry-wanted
fi

# The kernels for this GPU alone: the whole list of architectures takes minutes.
nvcc=$(tool nvcc || true)
cmake=$(tool cmake || true)
architecture=$(sed -n 's/.*"architecture" : \([0-9]*\).*/\1/p' "$work/environment.json" 2>/dev/null)
if [ -n "$nvcc" ] && [ -n "$cmake" ] && [ "$emulated" = 0 ]; then
  "$nvcc" --version | tail -n 2 >"$work/nvcc.txt"
  if step kernels 20 55 bash -ec '
    "$1" -S "$2/native" -B "$3" "-DFOURIERFT_NVCC=$4" "-DFOURIERFT_ARCHITECTURES=$5"
    "$1" --build "$3" --parallel 8
    echo "built for sm_$5"' kernels "$cmake" "$here" "$scratch/kernels" "$nvcc" "${architecture:-75}"; then
    cp "$scratch/kernels/resources.md" "$work/" 2>/dev/null
    java+=("-Dfourierft.cuda.kernels=$scratch/kernels/resources/META-INF/fourierft/cuda/fourierft.fatbin")
  fi
else
  skip kernels "nvcc or cmake is not here, or the driver is emulated; those of the jar are used"
fi

measure wanted "$wanted" 18 40 engine-1-wanted.json
peers wanted-peers "$wanted" 16 35 peers-1-wanted.json

# The emulated driver would take minutes for the widths of real models.
without=()
[ "$emulated" = 0 ] || without=(--exclude-methodname '.*widthsOfRealModels.*')
# A line a test as it goes: what the limit cuts off is the rest, and the report names it.
conformance() { # NAME PERCENT KEEP PATTERN OPTION...
  local name=$1 percent=$2 keep=$3 pattern=$4
  shift 4
  step "$name" "$percent" "$keep" "${java[@]}" "$@" -Dfourierft.gpu.tests=cuda:0 \
    -Djqwik.database="$scratch/jqwik" -cp "$tests" org.junit.platform.console.ConsoleLauncher execute \
    --scan-classpath "$here/test-classes" --include-tag gpu --include-classname "$pattern" \
    --fail-if-no-tests --details=testfeed --disable-banner --disable-ansi-colors "${without[@]}"
  # A test that was skipped shows nothing; with the property set none should be.
  if grep -Eq ' :: (SKIPPED|ABORTED)' "$work/$name.log" 2>/dev/null; then
    printf '%s, skipped\tFAILED\t0\ttests were skipped\n' "$name" >>"$steps"
    failed=1
  fi
}
conformance conformance 28 20 '.*\.Gpu(?!Callback).*Test'

# Percent that are kept for the profile at the end.
kept=0
[ "$mode" = quick ] || kept=10
measure cases "$list" 30 $((24 + kept)) engine-2-cases.json "$work/engine-1-wanted.json"
peers peers "$list" 30 $((18 + kept)) peers-2-cases.json "$work/peers-1-wanted.json"

vary callbacks 10 $((10 + kept)) engine-3-callbacks.json callbacks +CALLBACKS -Dfourierft.cuda.callbacks=on
conformance callbacks-conformance 12 $((6 + kept)) '.*\.GpuCallback.*Test'
if [ "$list" != quick ]; then
  vary patient 8 $((6 + kept)) engine-4-patient.json variants +PATIENT -Dfourierft.cuda.patient=on
  vary single 8 $((4 + kept)) engine-5-single.json variants +SINGLE -Dfourierft.cuda.chunk=1
fi

small=("${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.SmallRun)
if sanitizer=$(tool compute-sanitizer) && [ "$emulated" = 0 ]; then
  by_name=--kernel-name
  "$sanitizer" --help 2>/dev/null | grep -- --kernel-name >/dev/null || by_name=--kernel-regex
  watch=("$sanitizer" --target-processes all --error-exitcode 99 --print-limit 20
    "$by_name" kernel_substring=fourierft_)
  step memcheck 12 $((2 + kept)) "${watch[@]}" --tool memcheck "${small[@]}"
  step racecheck 16 "$kept" "${watch[@]}" --tool racecheck "${small[@]}"
else
  skip memcheck "compute-sanitizer is not here, or the driver is emulated"
  skip racecheck "compute-sanitizer is not here, or the driver is emulated"
  # Still shows that the run itself works.
  step small-run 12 "$kept" "${small[@]}"
fi

# Where the time of the kernels of lines goes. Nothing depends on it: a machine may have no ncu, or may
# not let it count.
profiled=("${java[@]}" -cp "$benchmark" io.fourierft.benchmarks.gpu.ProfiledRun)
if [ "$mode" = full ]; then
  if ncu=$(tool ncu) && [ "$emulated" = 0 ]; then
    sections=()
    for section in SpeedOfLight WarpStateStats MemoryWorkloadAnalysis MemoryWorkloadAnalysis_Tables Occupancy \
      LaunchStats SchedulerStats InstructionStats; do
      sections+=(--section "$section")
    done
    counters=smsp__issue_active.avg.pct_of_peak_sustained_active
    for counter in bank_conflicts_pipe_lsu_mem_shared pipe_lsu_wavefronts_mem_shared; do
      counters=$counters,l1tex__data_$counter.sum
    done
    optional=1 step profile 16 0 bash -c '
      ncu=$1 file=$2 csv=$3
      shift 3
      "$ncu" --clock-control none --target-processes all --kernel-name-base function \
        --kernel-name regex:fourierft_line --launch-count 8 --force-overwrite --export "$file" "$@" || exit
      "$ncu" --import "$file.ncu-rep" --page details &&
        "$ncu" --import "$file.ncu-rep" --page raw --csv --print-units base >"$csv" &&
        echo "profiled: $(($(grep -c "^\"" "$csv") - 2)) launches"' \
      profile "$ncu" "$scratch/profile" "$work/profile.csv" --metrics "$counters" "${sections[@]}" \
      "${profiled[@]}" 4096 4096 1000
  else
    skip profile "ncu is not here, or the driver is emulated"
    [ "$emulated" = 0 ] || step profiled-run 8 0 "${profiled[@]}" 64 8 20
  fi
fi
[ "$steps" -ot "${reported:-$steps}" ] || report
echo "${reported:-no report}; $SECONDS s of $total"
finish
exit "$failed"
