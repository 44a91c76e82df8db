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
# containers, has ASCII alone. The shell counts in the locale that it has: three bytes are one character in
# UTF-8.
use_utf8() {
  local euro=$'\342\202\254' locales
  [ ${#euro} != 1 ] || return 0
  if [ -d /usr/lib/locale/C.utf8 ]; then
    export LC_ALL=C.UTF-8
    return 0
  fi
  locales=$(locale -a 2>/dev/null || true)
  LC_ALL=$(grep -i -m 1 'utf-\{0,1\}8$' <<<"$locales" || echo C.UTF-8)
  export LC_ALL
}

# folder_of FILE: leaves in found_folder the folder of a file, or of what a link leads to.
folder_of() {
  local file=$1
  [ ! -L "$file" ] || file=$(readlink -f "$file")
  case $file in
    /*) ;;
    *) file=$PWD/$file ;;
  esac
  found_folder=${file%/*}
  case $found_folder/ in
    */./* | */../*) found_folder=$(cd "$found_folder" && pwd) ;;
  esac
}

# Whether a command line only has the program speak of itself.
is_told() {
  local argument
  case ${1:-} in '' | -* | help | locations | generate-completion) return 0 ;; esac
  for argument; do case $argument in --help | -h | --version | -V) return 0 ;; esac; done
  return 1
}

# Whether a command line is done before a compiler and a collector for long work could pay off, and
# computes nothing.
is_short() {
  local argument
  ! is_told "$@" || return 0
  [ "${1:-}" = inspect ] || return 1
  for argument; do case $argument in --plot*) return 1 ;; esac; done
}

# plain TEXT: leaves in found_name the end of a text, as a part of a file's name.
plain() {
  found_name=${1//[!A-Za-z0-9.+]/-}
  [ ${#found_name} -le 100 ] || found_name=${found_name:${#found_name}-100}
}

# start_cache JAVA_HOME LIB FOLDER KIND: leaves in found_cache the name that the cache for starting these jars
# with this Java has in this folder. It changes with the place and version of Java and with the place of the jars.
start_cache() {
  local line version= found_name
  if [ -r "$1/release" ]; then
    while IFS= read -r line; do
      case $line in JAVA_VERSION=* | JAVA_RUNTIME_VERSION=*) version=$version-${line#*=} ;; esac
    done <"$1/release"
  fi
  plain "$1$version"
  found_cache=$3/start-$4-$found_name
  plain "$2"
  found_cache=$found_cache-$found_name
}

# is_older FILE LIB: whether it was made before any of these jars. One that is older than its jar and looks
# newer does no harm: Java compares what it has noted of the jars, and then starts without.
is_older() {
  local jar
  for jar in "$2"/*.jar; do
    [ ! "$jar" -nt "$1" ] || return 0
  done
  return 1
}

# run_program JAVA_HOME LIB CACHE_FOLDER ARGUMENT...: does not return.
run_program() {
  local java_home=$1 lib=$2 caches=$3 cache kind found_cache
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
  # A cache is of one graph of modules; with another the virtual machine would complain of it at each start.
  case " ${FOURIERFT_JAVA_OPTS:-} " in
    *" --add-modules"* | *" --limit-modules"* | *" --module-path"* | *" -p "* | *" --patch-module"* | *" --upgrade-module-path"* | *" -javaagent:"* | *" -XX:StartFlightRecording"*) caches= ;;
  esac
  if [ -n "$caches" ]; then
    # All of a cache is prepared at each start: where the program only speaks, one of what that needs.
    kind=work
    ! is_told "$@" || kind=told
    start_cache "$java_home" "$lib" "$caches" "$kind"
    cache=$found_cache
    { [ -e "$cache" ] && ! is_older "$cache" "$lib"; } || make_start_cache "$java_home" "$caches" "$cache" "$kind" "${options[@]}" || true
    [ ! -s "$cache" ] || options+=("-XX:AOTCache=$cache")
  fi
  if is_short "$@"; then
    options+=(-XX:TieredStopAtLevel=1 -XX:-UsePerfData)
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

# make_start_cache JAVA_HOME FOLDER FILE KIND OPTION...: lets the program start once and keeps what the virtual
# machine learnt. A file that is empty says that this cannot be done here.
make_start_cache() {
  local java_home=$1 folder=$2 file=$3 kind=$4 new old
  shift 4
  mkdir -p "$folder" 2>/dev/null && new=$(mktemp "$folder/new-start.XXXXXX" 2>/dev/null) || return 1
  "$java_home/bin/java" "$@" -XX:AOTCacheOutput="$new.aot" "-Dfourierft.start.rehearsal=$kind" \
    --module io.fourierft/io.fourierft.cli.Start >/dev/null 2>&1 </dev/null || rm -f "$new.aot"
  [ ! -s "$new.aot" ] || mv "$new.aot" "$new"
  rm -f "$new.aot.config"
  for old in "$folder/start-$kind"-*; do [ "$old" = "$file" ] || rm -f "$old"; done
  mv "$new" "$file"
}
