#!/usr/bin/env bash
# Swift 6 for a Debian machine that has none: Debian 13's own `swiftlang`, unpacked into one folder.
#
#   bindings/swift/toolchain.sh ROOT                      unpacks it, unless it is there
#   bindings/swift/toolchain.sh ROOT FOLDER COMMAND ...   runs the command with it, in FOLDER; FOLDER and what WAXWING_SHARE names
#                                                         (paths, with colons between) are there under their own names
#
# Unpacking needs root, and the apt mirror that the machine has. Nothing of the system changes: what is mounted is mounted in a
# name space that ends with the command. About 550 MB to fetch, 1.2 GB on the disk, two minutes.
set -euo pipefail
recipe=1 # count up when what is unpacked changes
packages=(swiftlang libc6-dev libstdc++-14-dev bash coreutils git zlib1g-dev)
# Of what these depend on: what compiling and testing do not need.
skip='^(cpp|debconf|perl|libperl|linux-modules|tzdata|rpcsvc|netbase|media-types|git-man|lib[athul]*san|libubsan|gcc-14-x86|liberror|mawk|openssl-provider)'

root=$(realpath -m "${1:?usage: toolchain.sh ROOT [FOLDER COMMAND ...]}")
shift

say() { echo "swift-toolchain: $*" >&2; }

fetch() { # into $state/cache/archives
  local mirror
  mirror=$(sed -n 's/^URIs:[[:space:]]*//p' /etc/apt/sources.list.d/*.sources 2>/dev/null | tr ' ' '\n' | grep -v security | head -n 1 || true)
  mirror=${mirror:-$(sed -n 's/^deb[^h]*\(http[^ ]*\).*/\1/p' /etc/apt/sources.list 2>/dev/null | grep -v security | head -n 1 || true)}
  [ -n "$mirror" ] || { say "apt on this machine names no mirror"; exit 1; }
  mkdir -p "$state"/{lists/partial,cache/archives/partial,etc,state}
  : > "$state/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" > "$state/etc/sources.list"
  local apt=(apt-get -qq
    -o "Dir::Etc::sourcelist=$state/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    -o "Dir::State=$state/state" -o "Dir::State::lists=$state/lists" -o "Dir::State::status=$state/status"
    -o "Dir::Cache=$state/cache" -o APT::Sandbox::User=root -o Acquire::Retries=3)
  "${apt[@]}" update
  "${apt[@]}" install -y --no-install-recommends --download-only "${packages[@]}" > "$state/apt.log"
}

unpack() { # from $state/cache/archives into $fresh
  local dir deb tool
  for dir in bin sbin lib lib64; do mkdir -p "$fresh/usr/$dir"; ln -s "usr/$dir" "$fresh/$dir"; done
  mkdir -p "$fresh"/{tmp,proc,dev,root,etc}
  chmod 1777 "$fresh/tmp"
  for deb in "$state"/cache/archives/*.deb; do
    [[ $(basename "$deb") =~ $skip ]] && continue
    dpkg-deb --fsys-tarfile "$deb" | tar x -C "$fresh" --keep-directory-symlink \
      --exclude='*lldb*' --exclude='*sourcekit*' --exclude='*clangd' --exclude='*/docc' --exclude='*swift-format' \
      --exclude='*/lib/swift/embedded*' --exclude='*/swift_static/linux/*' --exclude='*libLTO*' --exclude='*FrameworkABIBaseline*' \
      --exclude='*/share/doc*' --exclude='*/share/man*' --exclude='*/share/locale*' --exclude='*/llvm-profdata'
  done
  for tool in swiftc swift clang clang-17 swift-test swift-package swift-build swift-run swift-symbolgraph-extract; do
    [ -e "$fresh/usr/bin/$tool" ] || ln -s "../libexec/swift/bin/$tool" "$fresh/usr/bin/$tool"
  done
  echo 'root:x:0:0:root:/root:/bin/bash' > "$fresh/etc/passwd"
}

install() {
  [ "$(cat "$root/.recipe" 2>/dev/null || true)" = "$recipe" ] && return
  [ "$(id -u)" = 0 ] || { say "needs root"; exit 1; }
  grep -qx 'ID=debian' /etc/os-release 2> /dev/null || { say "needs a Debian machine"; exit 1; }
  mkdir -p "$root"
  exec 9> "$root.lock" # whoever comes second waits, and finds it done
  flock 9
  [ "$(cat "$root/.recipe" 2>/dev/null || true)" = "$recipe" ] && return
  say "unpacking Debian 13's swiftlang into $root"
  state=$root.apt fresh=$root.new
  rm -rf "$state" "$fresh"
  mkdir -p "$state" "$fresh"
  fetch
  unpack
  echo "$recipe" > "$fresh/.recipe"
  rm -rf "$root" "$state"
  mv "$fresh" "$root"
  exec 9>&-
}

# What a compiler and a test need of this environment, and no more of it.
clean=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}")
while IFS= read -r name; do clean+=("$name=${!name}"); done < <(compgen -e | grep -E '^(WAXWING(_.*)?|RELAY)$' || true)

# Second half of a run, already in a mount name space of its own.
inside() {
  local folder=$1 path
  shift
  for path in /proc /dev "$folder" ${shared[@]+"${shared[@]}"}; do
    if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$root${path%/*}"; touch "$root$path"; fi
    mount --rbind "$path" "$root$path"
  done
  # shellcheck disable=SC2016
  exec "${clean[@]}" chroot "$root" /bin/bash -c 'cd "$1" && shift && exec "$@"' bash "$folder" "$@"
}

# For containers that let nobody mount: the same by tracing the program's system calls. Slower, and needs no rights.
traced() {
  local folder=$1 path bind=(-b /proc -b /dev) proot=$root/.proot
  shift
  if command -v proot > /dev/null; then
    proot=
  elif ! [ -x "$proot/usr/bin/proot" ]; then
    local debs=$root.proot
    rm -rf "$debs" && mkdir -p "$debs"
    (cd "$debs" && apt-get -qq update && apt-get -qq -o APT::Sandbox::User=root download proot libtalloc2)
    for path in "$debs"/*.deb; do dpkg-deb -x "$path" "$proot"; done
    rm -rf "$debs"
  fi
  for path in "$folder" ${shared[@]+"${shared[@]}"}; do bind+=(-b "$path"); done
  local libraries=("$proot"/usr/lib/*-linux-gnu)
  LD_LIBRARY_PATH=${proot:+${libraries[0]}} exec "${proot:+$proot/usr/bin/}proot" \
    -r "$root" "${bind[@]}" -w "$folder" /usr/bin/"${clean[@]}" "$@"
}

shared=()
IFS=: read -r -a shared <<< "${WAXWING_SHARE:-}"
if [ "${1:-}" = --inside ]; then
  shift
  inside "$@"
fi
install
[ $# -gt 0 ] || exit 0
folder=$(realpath "$1")
shift
for how in "unshare --mount" "unshare --user --map-root-user --mount"; do
  if $how --propagation private mount --rbind /proc "$root/proc" 2> /dev/null; then
    exec $how --propagation private "$0" "$root" --inside "$folder" "$@"
  fi
done
traced "$folder" "$@"
