# Sourced, with the repository in $root. Starts jsgx with a state folder of its own, which goes when the script ends, and with a
# deadline that ends it and what it supervises.

state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
chmod 755 "$state"
export JSGX_HOME=$state/jsgx
export JSGX_RUN=none # a daemon of this machine is left alone
bin=$root/target/interop/bin
logs=$root/target/interop/logs
mkdir -p "$logs"

build_programs() { # the C programs of interop/, in $bin
  . "$root/interop/kernel-source.sh"
  install_packages "$logs/build"
  step "$logs/build" "build the programs of interop/" make -C "$root/interop" OUT="$bin" "$@"
}

build_jsgx() { # before anything is timed
  "$root/jsgx" --version >/dev/null
}

copy_jsgx() { # for a user who may not read this folder: sets $copied to the command line that stands for ./jsgx
  . "$root/build/find-jdk.sh" || exit 2
  . "$root/build/app.sh"
  local folder=$state/app
  cp -rL "$app" "$folder"
  chmod -R go=rX "$folder"
  class_path "$folder"
  copied=("$JAVA_HOME/bin/java" "${jvm[@]}" -cp "$class_path" "$main")
}

milliseconds() {
  echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

expected=
failures=0

expect() { # the lines of standard output
  expected=$(printf '%s\n' "$@")
}

under_jsgx() { # label, deadline in seconds, arguments of `jsgx run`: it says what is expected, and ends with status 0
  local label=$1 deadline=$2 log=$logs/${1// /-} status=0
  shift 2
  timeout -k 5 "$deadline" "$root/jsgx" run "$@" </dev/null >"$log" 2>"$log.err" || status=$?
  if ((status == 0)) && [[ $(<"$log") == "$expected" ]]; then
    echo "$label: passed"
    return
  fi
  failures=$((failures + 1))
  echo "$label: failed"
  case $status in
    124 | 137) echo "  ended by its deadline of $deadline s" ;;
    0) ;;
    *) echo "  exit status $status" ;;
  esac
  diff <(echo "$expected") "$log" | sed 's/^/  /' || true
  sed 's/^/  /' "$log.err"
}

finish() {
  ((failures == 0))
}
