# What the `build` of each client in Java does, which sources this in its own folder: it builds the client once for each state of
# its POM, its sources and those that the clients share, outside the repository, and prints the argument file that holds its class
# path. Needs Java 17 and, the first time, Maven. `build --offline` fetches nothing: it compiles, and fails where the libraries are
# still to be fetched.
client="$(basename "$PWD")"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/viaduct-$client"
sources=(src/viaduct/*/*.java ../java/src/viaduct/client/*.java)
jars="$cache/jars-$(sha256sum <pom.xml | cut -c1-16)"
built="$cache/built-$(cat build ../java/build.bash pom.xml "${sources[@]}" | sha256sum | cut -c1-16)"
goals=(dependency:copy-dependencies)

# For a client to say what more is to be done in $work/jars.
after_fetch() { :; }

fail() {
  echo "test/interop/$client/build: $1" >&2
  exit 1
}

# Each step works in a folder of its own and moves it into place when it is whole: an interrupted build leaves nothing half done.
fetch_jars() {
  local log="$work/maven.log"
  mvn --quiet --batch-mode --no-transfer-progress --settings ../java/settings.xml --file pom.xml \
    -Dmaven.repo.local="$cache/m2" -Dwork="$work" -Dstyle.color=never \
    "${goals[@]}" >"$log" 2>&1 || { cat "$log" >&2; fail 'Maven failed'; }
  after_fetch
  mv -T "$work/jars" "$jars" 2>/dev/null || [ -d "$jars" ] || fail 'the jars cannot be moved into the cache'
}

compile() {
  mkdir "$work/built"
  javac --release 17 -Xlint:all,-processing,-path,-classfile -Werror -proc:none -d "$work/built/classes" \
    -cp "$jars/*" "${sources[@]}" >&2 || fail 'javac failed'
  # One string option each line; the wildcard is expanded by Java itself.
  printf '%s\n' -XX:TieredStopAtLevel=1 -Xshare:auto "$@" -cp "\"$built/classes:$jars/*\"" >"$work/built/java.args"
  mv -T "$work/built" "$built" 2>/dev/null || [ -d "$built" ] || fail 'the classes cannot be moved into the cache'
}

require() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || fail "$program is not installed"
  done
}

# build MODE [OPTION-OF-JAVA…]: the mode is --offline, or empty.
build() {
  local mode="$1"
  shift
  require java
  if [ ! -f "$built/java.args" ]; then
    require javac
    if [ ! -d "$jars" ]; then
      [ "$mode" != --offline ] || fail 'the libraries were not fetched: run it once without --offline'
      require mvn
    fi
    mkdir -p "$cache"
    work="$(mktemp -d "$cache/work-XXXXXX")"
    trap 'rm -rf "$work"' EXIT
    [ -d "$jars" ] || fetch_jars
    [ -d "$built" ] || compile "$@"
  fi
  echo "$built/java.args"
}
