# Sourced. Leaves a JDK of version 25 or later in JAVA_HOME and its full version in JDK_VERSION, or says in one line on
# standard error what to install and returns 1. Versions are read from the JDK's `release` file: to start a JVM and ask it
# would cost more than the command to come. Where only programs are run, java_tool=java takes one without a compiler too.

jdk_at() { # is folder $1 a JDK 25 or later? Then take it.
  local line version=
  [[ -x $1/bin/${java_tool:-javac} && -r $1/release ]] || return 1
  while IFS= read -r line; do
    case $line in
      JAVA_VERSION=*) version=${line//[!0-9.]/} ;;
      JAVA_RUNTIME_VERSION=*) JDK_VERSION=${line#*=} ;;
    esac
  done <"$1/release"
  ((${version%%.*} >= 25)) || return 1
  export JAVA_HOME=$1
}

find_jdk() {
  local folder java
  jdk_at "${JAVA_HOME:-}" && return
  if java=$(type -P java) && java=$(readlink -f "$java"); then
    jdk_at "${java%/bin/java}" && return
  fi
  for folder in /usr/lib/jvm/*25* /opt/*jdk*25* /opt/java/*25* /usr/local/*jdk*25* ~/.sdkman/candidates/java/25* \
    ~/.jdks/*25* ~/.asdf/installs/java/*25* ~/.local/share/mise/installs/java/*25* \
    /Library/Java/JavaVirtualMachines/*25*/Contents/Home ~/Library/Java/JavaVirtualMachines/*25*/Contents/Home \
    /opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home; do
    jdk_at "$folder" && return
  done
  echo "jsgx: needs JDK 25 or later: install one (for example openjdk-25-jdk, or Temurin 25) or point JAVA_HOME at it" >&2
  return 1
}

find_jdk
