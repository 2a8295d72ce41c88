# shellcheck shell=bash
# Container images of the cluster and of Kubernetes' end-to-end suite, made from Debian packages and our own builds,
# without a registry. Names and tags are those that this version of Kubernetes asks for.
# shellcheck source=scripts/lib/image-layers.sh
. "$here/lib/image-layers.sh"

PAUSE_IMAGE=registry.k8s.io/pause:3.10.2
COREDNS_IMAGE=registry.k8s.io/coredns/coredns:bench

# Commands that the suite runs in its pods.
TEST_PACKAGES=(bash bind9-dnsutils busybox-static ca-certificates conntrack coreutils curl dash findutils gawk grep iproute2 iptables
  iputils-ping libc-bin libstdc++6 mount netcat-openbsd nftables procps sed tar util-linux wget)

# Makes the images named that are missing, and prints their archives: pause, coredns, agnhost, iptables, dns-testing,
# busybox, conntrack.
make_images() {
  local image archive
  mkdir -p "$cache/cluster-images"
  for image in "$@"; do
    archive=$cache/cluster-images/$image-$(image_key "$image").tar
    [[ -e $archive ]] || make_image "$image" "$archive"
    echo "$archive"
  done
}

image_key() {
  key_of "$(declare -f "image_$1" test_base make_archive make_debian)" "${TEST_PACKAGES[*]}" "$PAUSE_IMAGE" "$COREDNS_IMAGE" \
    "$(cat "$programs/.built"/{agnhost,coredns,regression-issue-74839} 2>/dev/null)"
}

make_image() (
  image=$1 archive=$2 started=$SECONDS
  exec 8>"$cache/cluster-images/lock"
  flock 8
  [[ ! -e $archive ]] || exit 0
  work=$(mktemp -d "$cache/cluster-images/work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/root"
  "image_$image" "$work/root"
  rm -f "$cache/cluster-images/$image"-*.tar
  mv "$work/archive.tar" "$archive"
  say "image $image made ($((SECONDS - started)) s)"
)

image_pause() {
  gcc -O2 -static -Wall -Wextra -Werror -o "$1/pause" "$here/cluster.d/pause.c"
  make_archive "$PAUSE_IMAGE" '{ "Entrypoint": ["/pause"] }' "$1"
}

image_coredns() {
  cp "$programs/coredns" "$1/coredns"
  make_archive "$COREDNS_IMAGE" '{ "Entrypoint": ["/coredns"] }' "$1"
}

image_agnhost() {
  cp "$programs/agnhost" "$1/agnhost"
  make_archive "$(suite_image agnhost)" '{ "Entrypoint": ["/agnhost"], "Cmd": ["pause"] }' "$(test_base)" "$1"
}

image_iptables() { make_archive "$(suite_image distroless-iptables)" '{ "Entrypoint": ["/bin/sh"] }' "$(test_base)"; }

image_dns-testing() { make_archive "$(suite_image glibc-dns-testing)" '{ "Entrypoint": ["/bin/bash"] }' "$(test_base)"; }

image_busybox() {
  local applet
  mkdir -p "$1"/{bin,tmp,etc}
  cp /usr/bin/busybox "$1/bin/busybox"
  for applet in $("$1/bin/busybox" --list); do [[ $applet == busybox ]] || ln -s busybox "$1/bin/$applet"; done
  make_archive "$(suite_image busybox)" '{ "Cmd": ["sh"] }' "$1"
}

image_conntrack() {
  cp "$programs/regression-issue-74839" "$1/regression-issue-74839"
  make_archive "$(suite_image regression-issue-74839)" '{ "Entrypoint": ["/regression-issue-74839"] }' "$1"
}

# The name and tag that the suite of this version knows an image by.
suite_image() {
  case $1 in
    agnhost) echo registry.k8s.io/e2e-test-images/agnhost:2.66.1 ;;
    busybox) echo registry.k8s.io/e2e-test-images/busybox:1.37.0-2 ;;
    distroless-iptables) echo registry.k8s.io/build-image/distroless-iptables:v0.9.9 ;;
    glibc-dns-testing) echo registry.k8s.io/e2e-test-images/glibc-dns-testing:2.1.1 ;;
    regression-issue-74839) echo registry.k8s.io/e2e-test-images/regression-issue-74839:1.5 ;;
  esac
}

# The layer that images with a shell share: Debian as make_debian leaves it, and the links that packages make when they
# are installed. Prints its archive.
test_base() {
  # shellcheck disable=SC2034 # read by image-layers.sh
  local DEBIAN_PACKAGES=("${TEST_PACKAGES[@]}") layer
  layer=$cache/cluster-images/base-$(key_of "$(declare -f test_base make_debian)" "${TEST_PACKAGES[*]}").layer
  if [[ ! -e $layer ]]; then
    mkdir "$work/base"
    make_debian "$work/base"
    ln -sf nc.openbsd "$work/base/usr/bin/nc"
    pack "$work/base" "$work/base.layer"
    rm -f "$cache/cluster-images"/base-*.layer
    mv "$work/base.layer" "$layer"
  fi
  echo "$layer"
}

# make_archive TAG CONFIG LAYER...: a docker-archive, as $work/archive.tar. A layer is a folder or what pack made of one.
make_archive() {
  local tag=$1 config=$2 layer ids=() names=() number
  shift 2
  mkdir "$work/archive"
  for layer in "$@"; do
    number=${#names[@]}.tar
    if [[ -d $layer ]]; then pack "$layer" "$work/archive/$number"; else ln "$layer" "$work/archive/$number"; fi
    names+=("$number") ids+=("sha256:$(sha256sum <"$work/archive/$number" | cut -d' ' -f1)")
  done
  jq -nc --argjson config "$config" --arg architecture "$(dpkg --print-architecture)" '{
    architecture: $architecture, os: "linux", config: ($config + { Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] }),
    rootfs: { type: "layers", diff_ids: $ARGS.positional } }' --args "${ids[@]}" >"$work/archive/config.json"
  jq -nc --arg tag "$tag" '[{ Config: "config.json", RepoTags: [$tag], Layers: $ARGS.positional }]' \
    --args "${names[@]}" >"$work/archive/manifest.json"
  tar -C "$work/archive" -cf "$work/archive.tar" manifest.json config.json "${names[@]}"
}

# pack FOLDER FILE: an archive without anything of this machine and this moment.
pack() { tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$2" .; }
