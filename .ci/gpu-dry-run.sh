#!/usr/bin/env bash
# The benchmark for a real GPU, whole, on the emulated driver: the bundle is made, its run is given little
# time, one step is made to fail and one to hang, and the report must be there and tell all of it; then
# a run is ended from outside, and must leave a report too. After a build of the project.
#
#   .ci/gpu-dry-run.sh [bundle | run]
#
# `bundle` only makes the bundle; `run` runs one that was made, beside builds in this folder.
set -euo pipefail
cd "$(dirname "$0")/.."
emulator=$PWD/target/emulator/lib
bundle=$PWD/target/gpu-bundle
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
fail() {
  echo "gpu-dry-run: $*" >&2
  [ ! -f "$results/log" ] || tail -n 80 "$results/log" >&2
  exit 1
}

part=${1:-}
seconds=400
if [ "$part" != run ]; then
  benchmarks/gpu/bundle.sh "$bundle" >"$results/log" 2>&1 || fail "no bundle could be made"
fi
[ "$part" != bundle ] || exit 0

export FOURIERFT_PEERS_ON_CPU=1
export FOURIERFT_GPU_JAVA_OPTS="-Dfourierft.cuda=$emulator/libcuda.so.1 -Dfourierft.cufft=$emulator/libcufft.so.12 \
  -Dfourierft.cublas=$emulator/libcublas.so.13 \
  -Dfourierft.cuda.kernels=$PWD/tests/resources/emulated/fourierft.fatbin"

out=$results/whole
status=0
begin=$SECONDS
FOURIERFT_GPU_TRY="fail:callbacks hang:patient" \
  "$bundle/run.sh" full --seconds "$seconds" --results "$out" >"$results/log" 2>&1 || status=$?
took=$((SECONDS - begin))
[ "$status" = 1 ] || fail "the run ended with $status, and two steps of it could not pass"
[ "$took" -le $((seconds + 5)) ] || fail "the run took $took s"
files=$(cd "$out" && find . -mindepth 1 | sed 's/.*\.//' | sort | tr '\n' ' ')
[ "$files" = "json md tgz " ] || fail "the results are $(find "$out")"
report=$(find "$out" -name '*.md')
expect() {
  grep -Eq -- "$1" "$report" || { cat "$report" >&2; fail "the report lacks: $1"; }
}
expect 'emulated driver: no figure of speed means anything'
for step in survey wanted conformance cases callbacks-conformance single small-run profiled-run; do
  expect "^\| $step \| passed \|"
done
expect '^\| callbacks \| FAILED \(7\) \| [0-9]+ \| made to fail \|'
expect '^\| patient \| out of time \| [0-9]+ \| made to hang \|'
expect '^[1-9][0-9]* passed, 0 did not\.'
for path in fused folded; do
  expect "^\| 16x16/n10/b2 \| $path \| [0-9.]+ "
done
for path in fused staged; do
  expect "^\| 16x16/n10/t1/f32 \| $path \| [0-9.]+ "
  expect "^\| 16x16/n10 \| $path \| [0-9.]+ "
done
for path in auto 'auto\+graph' staged 'staged\+graph'; do
  expect "^\| 2x16/n10/t4/f32 \| $path \| [0-9.]+ "
done
grep -q 'WRONG\|FAILED: ' "$report" && fail "a result was wrong, or a case failed: $(cat "$report")"
# Not in a pipe: grep ends at its first match, and tar would fail for want of a reader.
listed=$(tar tzf "$(find "$out" -name '*.tgz')")
grep -q 'logs/conformance.log' <<<"$listed" || fail "the logs are not in the .tgz: $listed"

# Ended from outside in its first long step.
out=$results/ended
FOURIERFT_GPU_TRY=hang:wanted "$bundle/run.sh" quick --results "$out" >"$results/log" 2>&1 &
run=$!
for _ in $(seq 120); do
  grep -q '^== wanted' "$results/log" && break
  sleep 1
done
kill -TERM "$run"
status=0
wait "$run" || status=$?
[ "$status" = 143 ] || fail "a run that was ended from outside ended with $status"
report=$(find "$out" -name '*.md')
[ -n "$report" ] || fail "a run that was ended from outside left no report"
expect '^\| wanted \| ENDED from outside \|'
expect '^\| survey \| passed \|'
echo "gpu-dry-run: both reports are whole"
