# Sourced: leaves in JAVA_HOME a JDK of version 25 or later, or returns 1 with one line of advice on standard error.
# Versions are read from the JDK's `release` file: starting a JVM to ask it would cost more than the command to come.

jdk_version() { # the feature version of the JDK in folder $1, or nothing
  local line
  [[ -x $1/bin/javac && -r $1/release ]] || return 0
  while IFS= read -r line; do
    if [[ $line =~ ^JAVA_VERSION=\"?([0-9]+) ]]; then
      echo "${BASH_REMATCH[1]}"
      return
    fi
  done <"$1/release"
}

find_jdk() {
  local home java version
  local homes=("${JAVA_HOME:-}")
  if java=$(type -P java); then
    java=$(readlink -f "$java") && homes+=("${java%/bin/java}")
  fi
  shopt -s nullglob
  homes+=(/usr/lib/jvm/*25* /opt/*jdk*25* /opt/java/*25* /usr/local/*jdk*25* ~/.sdkman/candidates/java/25* ~/.jdks/*25*
    ~/.local/share/mise/installs/java/*25* ~/.asdf/installs/java/*25* /Library/Java/JavaVirtualMachines/*25*/Contents/Home
    ~/Library/Java/JavaVirtualMachines/*25*/Contents/Home /opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home)
  shopt -u nullglob
  for home in "${homes[@]}"; do
    version=$(jdk_version "$home")
    if ((${version:-0} >= 25)); then
      export JAVA_HOME=$home
      return 0
    fi
  done
  echo "jsgx: needs a JDK 25: install one (Debian: openjdk-25-jdk, others: adoptium.net) or set JAVA_HOME to it" >&2
  return 1
}

find_jdk
