# Sourced, with the repository in $root. Builds the SGX selftest of the Linux kernel out of Debian's kernel sources, by the
# selftest's own Makefile and unmodified. As root it installs the packages that it needs; as anyone else it downloads the sources
# and says what else is missing.

me=${0##*/}

step() { # log file, what is done, then the command that does it; its output is kept for when it fails
  local log=$1 what=$2
  shift 2
  echo "$me: $what" >&2
  if ! "$@" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "$me: failed: $what ($*); all that it said is in $log" >&2
    exit 1
  fi
}

includes() {
  echo "#include <$1>" | gcc -E - >/dev/null 2>&1
}

missing_packages() { # what is not here of what C programs on libcrypto are built with
  local tool
  for tool in gcc make xz; do
    type -P "$tool" >/dev/null || echo "${tool/%xz/xz-utils}"
  done
  includes stdio.h || echo libc6-dev
  includes openssl/evp.h || echo libssl-dev
}

install_packages() { # log file, then packages: what is missing, and those; as anyone but root says what to install
  local log=$1 packages
  shift
  mapfile -t packages < <(missing_packages)
  if ((EUID == 0)); then
    packages+=("$@")
    if ((${#packages[@]} > 0)); then
      step "$log" "look up packages" apt-get update
      step "$log" "install ${packages[*]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${packages[@]}"
    fi
  elif ((${#packages[@]} > 0)); then
    echo "$me: missing: ${packages[*]}; as root: apt-get install ${packages[*]}" >&2
    exit 1
  fi
}

build_selftest() { # version, folder: leaves where test_sgx and test_encl.elf lie in $sgx
  local package=linux-source-$1 folder=$2 archive
  local log=$folder/$package.log
  sgx=$folder/$package/tools/testing/selftests/sgx
  [[ ! -f $sgx/test_encl.elf || ! -f $sgx/test_sgx ]] || return 0

  type -P apt-get >/dev/null || {
    echo "$me: needs apt-get: the sources come from Debian's $package" >&2
    exit 1
  }
  archive=/usr/src/$package.tar.xz
  if ((EUID != 0)) && [[ ! -f $archive ]]; then
    install_packages "$log"
    archive=$folder/deb/usr/src/$package.tar.xz
    if [[ ! -f $archive ]]; then
      cd "$folder"
      step "$log" "download $package" apt-get download "$package"
      step "$log" "unpack $package" sh -c 'dpkg-deb -x "$1"_*.deb deb && rm "$1"_*.deb' sh "$package"
    fi
  elif [[ -f $archive ]]; then
    install_packages "$log"
  else
    install_packages "$log" "$package"
  fi
  # The selftest and what its sources and its Makefile include, out of a gigabyte and a half.
  rm -rf "${folder:?}/$package"
  step "$log" "take the selftest out of $archive" tar -xJf "$archive" -C "$folder" \
    "$package/tools/testing/selftests/sgx" \
    "$package/tools/testing/selftests/lib.mk" \
    "$package/tools/testing/selftests/kselftest.h" \
    "$package/tools/testing/selftests/kselftest_harness.h" \
    "$package/tools/testing/selftests/x86/check_cc.sh" \
    "$package/tools/testing/selftests/x86/trivial_64bit_program.c" \
    "$package/tools/include" \
    "$package/arch/x86/include/asm/sgx.h" \
    "$package/arch/x86/include/asm/enclu.h" \
    "$package/arch/x86/include/uapi/asm/sgx.h"
  step "$log" "run its Makefile" make -C "$sgx"
  [[ -f $sgx/test_encl.elf && -f $sgx/test_sgx ]] || {
    echo "$me: failed: the Makefile made no test_sgx and test_encl.elf in $sgx; all that it said is in $log" >&2
    exit 1
  }
}
