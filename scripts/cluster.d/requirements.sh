# shellcheck shell=bash
# What the machine must have; Debian's packages are brought, the rest is named.

# A command or file, and the package that brings it.
cluster_needs=(
  'curl curl'
  'gcc gcc'
  'ip iproute2'
  'iptables iptables'
  'jq jq'
  'openssl openssl'
  'python3 python3'
  'runc runc'
  'sysctl procps'
  '/usr/bin/busybox busybox-static'
  '/usr/lib/cni/ptp containernetworking-plugins'
  '/etc/ssl/certs/ca-certificates.crt ca-certificates'
)

missing_packages() {
  local need
  for need in "${cluster_needs[@]}"; do
    if [[ $need == /* ]]; then [[ -e ${need%% *} ]]; else command -v "${need%% *}" >/dev/null; fi || echo "${need#* }"
  done
}

bring_packages() {
  local packages
  mapfile -t packages < <(missing_packages)
  [[ ${#packages[@]} -gt 0 ]] || return 0
  say "installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update
  apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${packages[@]}" </dev/null >/dev/null
  [[ -z $(missing_packages) ]] || fail "Cannot find $(missing_packages | tr '\n' ' ')after the installation"
}

# Each thing is tried, not read from a configuration: a module may be built in, loadable or missing.
check_machine() {
  local nodes=$1 needed free
  needed=$((1000 + nodes * 700))
  free=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
  ((free >= needed)) || fail "Cannot run $nodes nodes: they need $needed MB of memory, $free MB are free"
  grep -q cgroup2 /proc/mounts || fail "Cannot run nodes: no cgroup2 hierarchy is mounted"
  grep -qE '^cgroup .*[ ,]cpu[, ]' /proc/mounts || grep -qsw cpu /sys/fs/cgroup/cgroup.controllers ||
    fail "Cannot run pods: neither a cgroup hierarchy of its own nor /sys/fs/cgroup has the controller \"cpu\""
  grep -qw overlay /proc/filesystems || modprobe -q overlay || fail "Cannot run containers: the kernel has no overlay file system"
  unshare --net bash -ec 'ip link add br0 type bridge' 2>/dev/null || fail 'Cannot make the network: the kernel has no "bridge" devices'
  unshare --net bash -ec 'ip link add veth0 type veth peer name veth1' 2>/dev/null || fail 'Cannot make the network: the kernel has no "veth" devices'
  unshare --net iptables -t nat -L >/dev/null 2>&1 || fail "Cannot map ports of pods: iptables has no table \"nat\" on this kernel"
  unshare --cgroup true 2>/dev/null || fail "Cannot make nodes: the kernel has no cgroup namespaces"
}
