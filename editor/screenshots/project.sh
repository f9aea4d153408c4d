# Sourced by what takes pictures, after tests/debian.sh.

# Installs the Debian package of each PROGRAM:PACKAGE that is missing.
tools() {
  local each
  for each in "$@"; do
    command -v "${each%:*}" >/dev/null || install "${each#*:}" || exit 1
  done
}

# The same for each FONT:PACKAGE.
fonts() {
  local each
  tools fc-list:fontconfig
  for each in "$@"; do
    fc-list : family | grep "${each%:*}" >/dev/null || install "${each#*:}" || exit 1
  done
}

# Lays the shop's scenarios and contracts into a new folder, where nothing else is to be seen.
project() {
  mkdir "$1"
  cp -r --parents scenarios/hello.scn scenarios/shop/{*.scn,password.txt,contracts,checks,catalogs} "$1"
}

# Makes a picture small.
shrink() {
  pngquant 48 --speed 1 --strip --nofs --force --output "$2" "$1"
  echo "${2##*/}  $(stat -c %s "$2") bytes"
}
