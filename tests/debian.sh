# Sourced by tests that need a program which may be missing.

# Runs a command as root, when that needs no password.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Installs Debian packages, in bounded time; says why it could not.
install() {
  command -v apt-get >/dev/null || { echo "it is not installed, and there is no apt-get"; return 1; }
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    echo "it is not installed, and installing it needs root"
    return 1
  fi
  local get=(env DEBIAN_FRONTEND=noninteractive timeout --kill-after=10 240 apt-get -o Acquire::Retries=1
    -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=60 -qq)
  echo "installing $*" >&2
  if ! as_root "${get[@]}" install -y --no-install-recommends "$@" >/dev/null 2>&1 </dev/null; then
    as_root "${get[@]}" update >/dev/null 2>&1 </dev/null || true
    if ! as_root "${get[@]}" install -y --no-install-recommends "$@" >/dev/null 2>&1 </dev/null; then
      echo "apt-get could not install it"
      return 1
    fi
  fi
}
