# For sourcing: where a JDK is that the project can be built and run with.

# find_java NEEDED [COMMAND]: prints the first folder that holds a JDK of this major version or later, or at
# least a Java with this command: JAVA_HOME, PATH, then the usual places; fails if there is none.
find_java() {
  local candidate version on_path
  on_path=$(command -v java || true)
  [ -z "$on_path" ] || on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
  for candidate in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* \
    "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* "${HOME:-}"/.local/share/mise/installs/java/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    [ -n "$candidate" ] && [ -x "$candidate/bin/${2:-javac}" ] || continue
    if [ -r "$candidate/release" ]; then
      version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$candidate/release")
    else
      version=$("$candidate/bin/java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
    fi
    if [ -n "$version" ] && [ "$version" -ge "$1" ]; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}
