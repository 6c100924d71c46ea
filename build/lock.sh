# Sourced, with the repository in $root. Lets one build at a time write the target folders; the lock ends with the process.
# A build that a test starts runs inside the lock of the build that runs the test.

if [[ -z ${JSGX_BUILD_LOCKED:-} ]] && command -v flock >/dev/null; then
  mkdir -p "$root/target"
  exec 9>"$root/target/.lock"
  flock 9
  export JSGX_BUILD_LOCKED=1
fi
