# For sourcing: where a JDK is that the project can be built and run with. Of programs none is called where
# the shell itself can do it: each would cost a start some milliseconds.

# find_java NEEDED [COMMAND]: prints the first folder that holds a JDK of this major version or later, or at
# least a Java with this command: JAVA_HOME, PATH, then the usual places; fails if there is none.
find_java() {
  local found_java
  look_for_java "$@" && printf '%s\n' "$found_java"
}

# look_for_java NEEDED [COMMAND]: the same, but leaves it in found_java.
look_for_java() {
  local folders folder on_path= candidate
  ! is_java "${JAVA_HOME:-}" "$@" || return 0
  IFS=: read -r -a folders <<<"$PATH"
  for folder in "${folders[@]}"; do
    if [ -x "$folder/java" ] && [ ! -d "$folder/java" ]; then
      on_path=$folder/java
      break
    fi
  done
  if [ -L "$on_path" ]; then
    for candidate in /usr/lib/jvm/*; do
      [ ! "$candidate/bin/java" -ef "$on_path" ] || break
    done
    # Its own folder is there in the end, if need be by asking where the link leads.
    if [ "$candidate/bin/java" -ef "$on_path" ]; then
      on_path=$candidate/bin/java
    else
      on_path=$(readlink -f "$on_path")
    fi
  fi
  for candidate in "${on_path%/*/*}" /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* \
    "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* "${HOME:-}"/.local/share/mise/installs/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    ! is_java "$candidate" "$@" || return 0
  done
  return 1
}

# is_java FOLDER NEEDED [COMMAND]: whether such a Java is there; if so leaves the folder in found_java.
is_java() {
  local line version=
  [ -n "$1" ] && [ -x "$1/bin/${3:-javac}" ] || return 1
  if [ -r "$1/release" ]; then
    while IFS= read -r line; do
      case $line in JAVA_VERSION=*) version=${line#*=\"} ;; esac
    done <"$1/release"
  else
    version=$("$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
  fi
  version=${version%%[!0-9]*}
  [ -n "$version" ] && [ "$version" -ge "$2" ] || return 1
  found_java=$1
}
