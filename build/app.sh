# Sourced, with the repository in $root and JAVA_HOME set. What ./jsgx runs lies in $app: the jars, an AOT cache made from
# them, and the stamp of the build. A folder is named by a hash over its jars and its JVM, since the JVM does not check an
# AOT cache against the jars of a class path (JDK-8377932), and it is never written to again, since a program that runs
# from it has it mapped.

apps=$root/target/jsgx
app=$apps/current
main=jsgx.cli.Main
jvm=(-XX:+UseSerialGC -Xlog:disable "-Xlog:all=warning,cds=off,aot=off:stderr" --enable-native-access=ALL-UNNAMED)

app_is_fresh() {
  local made
  [[ -r $app/stamp ]] && read -r made <"$app/stamp" && [[ $made == "$root $JAVA_HOME $JDK_VERSION" ]] || return 1
  [[ -z $(find "$root/pom.xml" "$root/.mvn" "$root/build/app.sh" "$root"/*/pom.xml "$root"/cli/picocli/pom.xml \
    "$root"/*/src/main -newer "$app/stamp" -print -quit) ]]
}

class_path() { # of the app in folder $1
  local IFS=: jars=("$1"/*.jar)
  class_path="${jars[*]}"
}
