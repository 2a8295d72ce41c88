# shellcheck shell=bash
# Go 1.26, which Kubernetes asks for: this machine's, or from Go's module proxy at a pinned checksum.

GO_VERSION=1.26.8
declare -A GO_SHA256=(
  [amd64]=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7
  [arm64]=02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99
)

# Puts a sufficient `go` first in PATH; unpacks it into a folder where the machine has none. Fails with a line of reason.
bring_go() {
  local folder=$1 found
  export GOTOOLCHAIN=local GOWORK=off
  found=$(go env GOVERSION 2>/dev/null) || found=none
  [[ $found == go1.* && $(printf '%s\n' go1.26 "$found" | sort -V | head -1) == go1.26 ]] && return
  [[ -x $folder/go/bin/go ]] || unpack_go "$folder" || return
  export PATH=$folder/go/bin:$PATH
}

unpack_go() {
  local folder=$1 architecture proxy work
  architecture=$(dpkg --print-architecture)
  [[ -n ${GO_SHA256[$architecture]:-} ]] || { echo "Cannot install Go $GO_VERSION: no checksum for $architecture is pinned" >&2; return 1; }
  command -v curl >/dev/null || { echo "Cannot fetch Go $GO_VERSION: curl is missing; run scripts/setup" >&2; return 1; }
  proxy=${GOPROXY:-https://proxy.golang.org}
  proxy=${proxy%%[,|]*}
  mkdir -p "$folder"
  work=$(mktemp -d "$folder/.unpack.XXXXXX")
  echo "Fetching Go $GO_VERSION" >&2
  if ! curl -sSfL -o "$work/go.zip" "$proxy/golang.org/toolchain/@v/v0.0.1-go$GO_VERSION.linux-$architecture.zip"; then
    rm -rf "$work"
    echo "Cannot fetch Go $GO_VERSION: \"$proxy\" does not give it" >&2
    return 1
  fi
  if ! echo "${GO_SHA256[$architecture]}  $work/go.zip" | sha256sum --check --status; then
    rm -rf "$work"
    echo "Cannot install Go $GO_VERSION: the archive is not the one that was pinned" >&2
    return 1
  fi
  python3 -m zipfile -e "$work/go.zip" "$work"
  # A module's archive has no modes.
  chmod +x "$work"/golang.org/toolchain@*/bin/* "$work"/golang.org/toolchain@*/pkg/tool/*/*
  # Somebody else may have been quicker.
  mv -T "$work"/golang.org/toolchain@* "$folder/go" 2>/dev/null || [[ -x $folder/go/bin/go ]]
  rm -rf "$work"
}
