# For sourcing: runs the program, whose jars are in one folder, with a Java that was found.

# refuse_colon FOLDER: ends the program if the folder that it lies in cannot be on a path of Java's.
refuse_colon() {
  case $1 in
    *:*)
      echo "fourierft: the program's folder $1 has a colon in its name, which Java takes for the end of a path." >&2
      echo "fourierft: move the program to, or rename the folder into, one without a colon." >&2
      exit 1
      ;;
  esac
}

# Java takes the encoding of file names and arguments from the locale, and C, the default of many
# containers, has ASCII alone.
use_utf8() {
  local locales
  [ "$(locale charmap 2>/dev/null || true)" != UTF-8 ] || return 0
  locales=$(locale -a 2>/dev/null || true)
  LC_ALL=$(grep -i -m 1 'utf-\{0,1\}8$' <<<"$locales" || echo C.UTF-8)
  export LC_ALL
}

# Whether a command line is done before a compiler and a collector for long work could pay off, and
# computes nothing.
is_short() {
  local argument short=
  case ${1:-} in
    '' | -* | help | locations | generate-completion) short=yes ;;
    inspect)
      short=yes
      for argument; do case $argument in --plot*) short= ;; esac; done ;;
  esac
  for argument; do case $argument in --help | -h | --version | -V) short=yes ;; esac; done
  [ -n "$short" ]
}

# start_cache JAVA_HOME LIB FOLDER: prints the name that the cache for starting these jars with this Java
# has in this folder. It changes with any of them.
start_cache() {
  printf '%s/start-%s' "$3" "$(cat "$1/release" <(stat -c '%n %Y %s' "$2"/*.jar 2>/dev/null || ls -l "$2") | cksum | tr ' ' '-')"
}

# run_program JAVA_HOME LIB CACHE_FOLDER ARGUMENT...: does not return.
run_program() {
  local java_home=$1 lib=$2 caches=$3 cache jar
  shift 3
  local options=(
    --module-path "$lib"
    --add-modules ALL-MODULE-PATH
    --enable-native-access=io.fourierft
    --sun-misc-unsafe-memory-access=allow
    # The SIMD kernels' module is loaded by the program: a flag would print a line at every start.
    -XX:+UnlockExperimentalVMOptions -XX:+EnableVectorSupport
    --add-exports java.base/jdk.internal.module=io.fourierft
    -Xlog:disable -Xlog:all=error:stderr
    -Djava.awt.headless=true
  )
  local main=(--module io.fourierft/io.fourierft.cli.Start)
  if [ -n "$caches" ]; then
    cache=$(start_cache "$java_home" "$lib" "$caches")
    [ -e "$cache" ] || make_start_cache "$java_home" "$caches" "$cache" "${options[@]}" || true
    [ ! -s "$cache" ] || options+=("-XX:AOTCache=$cache")
  fi
  if is_short "$@"; then
    options+=(-XX:TieredStopAtLevel=1)
    case ${FOURIERFT_JAVA_OPTS:-} in
      *-XX:+Use*GC*) ;;
      *) options+=(-XX:+UseSerialGC) ;;
    esac
  else
    options+=(-Dfourierft.start.vector=true)
  fi
  # shellcheck disable=SC2086 # FOURIERFT_JAVA_OPTS holds several options on purpose.
  exec "$java_home/bin/java" "${options[@]}" ${FOURIERFT_JAVA_OPTS:-} "${main[@]}" "$@"
}

# make_start_cache JAVA_HOME FOLDER FILE OPTION...: lets the program start once and keeps what the virtual
# machine learnt. A file that is empty says that this cannot be done here.
make_start_cache() {
  local java_home=$1 folder=$2 file=$3 new old
  shift 3
  mkdir -p "$folder" 2>/dev/null && new=$(mktemp "$folder/new-start.XXXXXX" 2>/dev/null) || return 1
  "$java_home/bin/java" "$@" -XX:AOTCacheOutput="$new.aot" -Dfourierft.start.rehearsal=true \
    --module io.fourierft/io.fourierft.cli.Start >/dev/null 2>&1 </dev/null || rm -f "$new.aot"
  [ ! -s "$new.aot" ] || mv "$new.aot" "$new"
  rm -f "$new.aot.config"
  for old in "$folder"/start-*; do [ "$old" = "$file" ] || rm -f "$old"; done
  mv "$new" "$file"
}
