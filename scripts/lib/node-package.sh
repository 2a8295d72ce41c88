# shellcheck shell=bash
# Node 26 LTS from the npm package of that name: a binary and its headers, at a pinned integrity.

NODE_VERSION=26.12.1
declare -A NODE_INTEGRITY=(
  [x64]=jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==
  [arm64]=8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==
)

# Unpacks it into a folder; fails with one line of reason.
unpack_node() {
  local folder=$1 architecture file work
  case $(uname -m) in
    x86_64) architecture=x64 ;;
    aarch64) architecture=arm64 ;;
    *) echo "Cannot install Node $NODE_VERSION: there is none for $(uname -m)" >&2; return 1 ;;
  esac
  work=$(mktemp -d)
  if ! file=$(cd "$work" && npm pack --silent "node-linux-$architecture@$NODE_VERSION"); then
    rm -rf "$work"
    echo "Cannot fetch Node $NODE_VERSION: npm's registry does not answer" >&2
    return 1
  fi
  if [[ $(openssl dgst -sha512 -binary "$work/$file" | base64 -w0) != "${NODE_INTEGRITY[$architecture]}" ]]; then
    rm -rf "$work"
    echo "Cannot install Node $NODE_VERSION: the package is not the one that was pinned" >&2
    return 1
  fi
  mkdir -p "$folder"
  tar -xzf "$work/$file" -C "$folder" --strip-components=1
  chmod 755 "$folder/bin/node"
  rm -rf "$work"
}
