# shellcheck shell=bash
# Debian kernels by a short name: fetched from this machine's mirror, unpacked and kept in the cache.

CACHE=${BPFSVC_CACHE:-$HOME/.cache/bpfsvc}
KERNELS='5.10 6.1 6.12 6.18 newest'

# Suites that carry a kernel, newest packages first.
kernel_suites() {
  case $1 in
  5.10) echo bullseye-security ;;
  6.1) echo bookworm-security bookworm ;;
  6.12) echo trixie-security trixie ;;
  6.18 | newest) echo trixie-backports ;;
  *) return 1 ;;
  esac
}

# Names, resolved packages and versions, without network.
list_kernels() {
  local name directory
  for name in $KERNELS; do
    directory=$CACHE/kernels/$name
    if [ -f "$directory/packages" ]; then
      printf '%-8s %-24s %s\n' "$name" "$(cat "$directory/version")" "$(head -n 1 "$directory/packages")"
    else
      printf '%-8s %-24s %s\n' "$name" "not fetched" "$(kernel_suites "$name")"
    fi
  done
}

install_packages() {
  local wanted=(qemu-system-x86 busybox-static cpio kmod xz-utils zstd util-linux) missing=() package
  if [ ! -x /usr/lib/qemu/virtiofsd ] && apt-cache show virtiofsd >/dev/null 2>&1; then wanted+=(virtiofsd); fi
  for package in "${wanted[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "vm: installing ${missing[*]}" >&2
  {
    apt-get -qq -o DPkg::Lock::Timeout=300 update &&
      DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "${missing[@]}"
  } >&2 </dev/null
}

# fetch_kernel NAME: prints the folder with vmlinuz, initrd, version, packages, lib/modules.
fetch_kernel() {
  local name=$1 directory=$CACHE/kernels/$1
  mkdir -p "$CACHE/kernels"
  exec 9>"$CACHE/kernels/$name.lock"
  flock 9
  if [ ! -f "$directory/packages" ]; then
    echo "vm: fetching kernel $name" >&2
    rm -rf "$directory" "$directory.new"
    mkdir -p "$directory.new/debs"
    if ! { download_kernel "$name" "$directory.new" && unpack_kernel "$directory.new"; } >&2; then
      rm -rf "$directory.new"
      return 1
    fi
    mv "$directory.new" "$directory"
    echo "vm: kernel $name is $(cat "$directory/version")" >&2
  fi
  exec 9>&-
  echo "$directory"
}

# An apt state of its own, so that the system's stays as it is; proxies and keys are the system's.
apt_state() {
  local directory=$1 suites=$2 suite mirror security keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(repository Debian)
  if [ -z "$mirror" ]; then
    echo "vm: no Debian mirror in the apt sources"
    return 1
  fi
  security=$(repository Debian-Security)
  mkdir -p "$directory"/{lists/partial,cache/archives/partial,empty}
  : >"$directory/status"
  for suite in $suites; do
    case $suite in
    *-security) echo "deb [signed-by=$keyring] ${security:-$mirror-security} $suite main" ;;
    *) echo "deb [signed-by=$keyring] $mirror $suite main" ;;
    esac
  done >"$directory/sources.list"
  cat >"$directory/apt.conf" <<TEXT
Dir::State "$directory"; Dir::State::lists "$directory/lists"; Dir::State::status "$directory/status";
Dir::Cache "$directory/cache";
Dir::Etc::sourcelist "$directory/sources.list"; Dir::Etc::sourceparts "$directory/empty";
Dir::Etc::preferences "$directory/none"; Dir::Etc::preferencesparts "$directory/empty";
APT::Architecture "amd64"; APT::Architectures {"amd64";}; Acquire::Languages "none"; APT::Sandbox::User "root";
TEXT
}

# repository LABEL: the first such archive among the apt sources of this machine.
repository() {
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' | awk -v label="$1" '$1 == label { sub("/$", "", $2); print $2; exit }'
}

download_kernel() {
  local name=$1 directory=$2 state pattern package version series
  state=$(mktemp -d /tmp/bpfsvc-apt.XXXXXX)
  apt_state "$state" "$(kernel_suites "$name")" || { rm -rf "$state"; return 1; }
  # A suite may be gone from the mirror; what counts is whether a kernel is found.
  APT_CONFIG=$state/apt.conf apt-get -qq update || true
  case $name in newest) series='[0-9]+\.[0-9]+' ;; *) series=${name//./\\.} ;; esac
  pattern="^linux-image-${series}[.+~-][^ ]*-cloud-amd64\$"
  # An index can name a file that the pool no longer has: then the next older one.
  while read -r package version; do
    if download_packages "$state" "$package" "$version" "$directory/debs"; then
      echo "$package $version" >"$directory/packages"
      (cd "$directory/debs" && sha256sum -- *.deb) >>"$directory/packages"
      break
    fi
  done < <(matching_kernels "$state" "$pattern")
  rm -rf "$state"
  [ -f "$directory/packages" ] || {
    echo "vm: no package matches $pattern"
    return 1
  }
}

# Package and version, newest first.
matching_kernels() {
  APT_CONFIG=$1/apt.conf apt-cache pkgnames linux-image- | grep -E "$2" |
    APT_CONFIG=$1/apt.conf xargs -r apt-cache madison |
    awk -F ' *[|] *' '{ sub("^ *", "", $1); print $1, $2 }' | sort -u | sort -k 2,2Vr | head -n 4
}

# The image, and the packages it is split into since 7.x.
download_packages() {
  local state=$1 image=$2 version=$3 target=$4 release=${2#linux-image-} part packages
  packages=("$image=$version")
  for part in linux-binary linux-modules linux-base; do
    if APT_CONFIG=$state/apt.conf apt-cache madison "$part-$release" 2>/dev/null | grep -qwF -- "$version"; then
      packages+=("$part-$release=$version")
    fi
  done
  rm -f "$target"/*.deb
  (cd "$target" && APT_CONFIG=$state/apt.conf apt-get -qq download "${packages[@]}")
}

unpack_kernel() {
  local directory=$1 package image release modules
  for package in "$directory"/debs/*.deb; do dpkg-deb -x "$package" "$directory/root" || return 1; done
  modules=$(find "$directory/root" -type d -path '*/lib/modules/*' -prune -print -quit)
  image=$(find "$directory/root" -type f -name 'vmlinuz*' -print -quit)
  if [ -z "$modules" ] || [ -z "$image" ]; then
    echo "vm: the packages hold no kernel"
    return 1
  fi
  release=${modules##*/}
  mkdir -p "$directory/lib/modules"
  mv "$image" "$directory/vmlinuz"
  mv "$modules" "$directory/lib/modules/"
  rm -rf "$directory/root"
  # Unpacked here once, not at every boot by an emulated processor.
  find "$directory/lib/modules" -name '*.ko.xz' -print0 | xargs -0 -r -n 64 xz -d
  find "$directory/lib/modules" -name '*.ko.zst' -print0 | xargs -0 -r -n 64 zstd -q -d --rm
  depmod -b "$directory" "$release"
  build_initrd "$directory" "$release"
  echo "$release" >"$directory/version"
  # errexit does not hold below a condition, so what counts is what is there.
  [ -s "$directory/vmlinuz" ] && [ -s "$directory/initrd" ] && [ -s "$directory/lib/modules/$release/modules.dep" ]
}

# busybox and the modules on the way to the shared root.
build_initrd() {
  local directory=$1 release=$2 tree=$1/tree module file
  mkdir -p "$tree"/{bin,proc,sys,dev,host,write,new,modules}
  cp "$(command -v busybox)" "$tree/bin/busybox"
  for module in virtio_pci virtio_console virtiofs overlay; do
    modprobe -d "$directory" -S "$release" --show-depends "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    cp "$file" "$tree/modules/"
    basename "$file" >>"$tree/modules/order"
  done
  (cd "$tree" && find . | cpio -o -H newc --quiet) >"$directory/initrd"
  rm -rf "$tree"
}
