# shellcheck shell=bash
# What the image is made of: per layer its key, which changes whenever the content should, and how it is made into a
# folder. Sourced by scripts/image, from the root of the repository.

# The libraries that Node and libbpf's FFI load, a shell, and what shows another proxy's rules.
DEBIAN_PACKAGES=(libc6 libstdc++6 libatomic1 libbpf1 busybox-static nftables iptables)

# What would be installed on an empty machine, with all that it depends on.
debian_apt() {
  local state=$work/apt
  mkdir -p "$state/archives/partial"
  : >"$state/status"
  apt-get -qq -o Dir::State::status="$state/status" -o Dir::Cache::archives="$state/archives" \
    -o APT::Install-Recommends=false -o APT::Sandbox::User=root "$@"
}

debian_listing() {
  debian_apt -s install "${DEBIAN_PACKAGES[@]}" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' | sort
}

debian_key() {
  local listing
  listing=$(debian_listing) && [[ $listing == *libbpf1=* ]] || { apt-get -qq update; listing=$(debian_listing); }
  [[ $listing == *libbpf1=* ]] || fail "apt-get finds no libbpf1: Debian 12 or later has it"
  key_of "$listing" "$(declare -f make_debian)" "$(sha256sum </etc/ssl/certs/ca-certificates.crt)"
}

make_debian() {
  local root=$1 folder deb path applet
  debian_apt -y -d install "${DEBIAN_PACKAGES[@]}" >/dev/null
  # Debian's merged /usr, which base-files brings; a package that still says /lib follows the link.
  mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{dev,etc/ssl/certs,proc,root,run,sys,tmp,var}
  for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
  chmod 1777 "$root/tmp"
  for deb in "$work"/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root"
  done
  find "$root/usr/share/doc" ! -type d ! -name copyright -delete
  for path in usr/share/{gcc,gdb,man,locale,lintian,bug,bash-completion,info,initramfs-tools} usr/include etc/{init.d,default} \
    usr/lib/*-linux-gnu/gconv usr/lib/systemd lib/udev; do
    # shellcheck disable=SC2086 # one of them is a pattern
    rm -rf "$root"/$path
  done
  find "$root/usr/share" -depth -type d -empty -delete
  # Packages do this when they are installed, not when they are unpacked.
  for applet in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -s xtables-nft-multi "$root/usr/sbin/$applet"
  done
  for applet in $("$root/bin/busybox" --list); do
    [[ -e $root/usr/bin/$applet || -e $root/usr/sbin/$applet ]] || ln -s busybox "$root/usr/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
}

node_key() { key_of "$NODE_VERSION" "$(uname -m)" "$(declare -f make_node)"; }

make_node() {
  local root=$1 package=.cache/node-$NODE_VERSION # from scripts/setup
  mkdir -p "$root/opt/bpfsvc/dist" "$root/usr/share/doc/node"
  strip -o "$root/opt/bpfsvc/dist/node" "$package/bin/node"
  cp "$package/LICENSE" "$root/usr/share/doc/node/"
}

modules_key() {
  key_of "$(<package-lock.json)" "$(uname -m)" "$(sha256sum src/source/k8s/access/*.ts)" "$(declare -f make_modules loaded_of)"
}

# Files of a package that are loaded with a module of ours, as V8 tells: loaded_of PACKAGE MODULE.
loaded_of() {
  NODE_V8_COVERAGE=$work/coverage node --input-type=module --eval 'await import(process.argv[1])' "$PWD/$2"
  jq -r --arg below "file://$PWD/node_modules/$1/" \
    '.result[].url | select(startswith($below)) | .[($below | length):]' "$work"/coverage/*.json | sort -u
}

# What scripts/setup installed by the lockfile, without what only builds and tests need.
make_modules() {
  local root=$1/opt/bpfsvc modules path client=node_modules/@kubernetes/client-node
  modules=$(npm ls --omit=dev --all --parseable 2>/dev/null | sort) ||
    fail "node_modules is not what package-lock.json says: remove it and run scripts/setup"
  mkdir -p "$root"
  while read -r path; do
    path=${path#"$PWD/"}
    [[ $path == node_modules/* && $path != node_modules/@types/* ]] || continue
    mkdir -p "$root/$(dirname "$path")"
    # Modules nested in this one come later in the list.
    cp -r --no-preserve=mode "$path" "$root/$(dirname "$path")/"
    rm -rf "$root/$path/node_modules"
  done <<<"$modules"
  # Sources and binaries that Node on this libc doesn't load.
  rm -rf "$root"/node_modules/koffi/{vendor,doc} "$root"/node_modules/@koromix/*/musl_* "$root"/node_modules/bare-*/prebuilds
  # Of this one nearly all is the API's generated classes, and only what we load is needed.
  loaded_of @kubernetes/client-node dist/js/kubeconfig-plugin.js >"$work/loaded"
  [[ -s $work/loaded ]] || fail "nothing of client-node is loaded"
  comm -23 <(cd "$root/$client" && find dist -type f | sort) "$work/loaded" | (cd "$root/$client" && xargs -d '\n' rm)
  find "$root" -type f \( -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.map' -o -name '*.md' \) -delete
  find "$root" -depth -type d -empty -delete
}

app_key() {
  key_of "$(<dist/js/.key)" "$(sha256sum bin/* package.json LICENSE dist/bpf/bpfsvc.bpf.o)" "$(declare -f make_app)"
}

make_app() {
  local root=$1/opt/bpfsvc
  mkdir -p "$root/dist/bpf" "$1/usr/bin"
  cp dist/bpf/bpfsvc.bpf.o "$root/dist/bpf/"
  cp -r dist/js "$root/dist/"
  cp -r bin package.json LICENSE "$root/"
  ln -s /opt/bpfsvc/bin/bpfsvc "$1/usr/bin/bpfsvc"
}

key_of() { printf '%s\n' "$@" | sha256sum | cut -c1-16; }
