# shellcheck shell=bash
# A node: configuration of its kubelet, containerd and CNI; node-init then makes its namespaces and runs it.

start_node() {
  local i=$1 cni=$2
  local at=$folder/n$i
  mkdir -p "$at"/{kubelet,containerd,run-containerd,cni-conf,cni-state,netns,pods,containers}
  cni_configuration "$i" "$cni" >"$at/cni-conf/10-cluster.conflist"
  containerd_configuration >"$at/containerd.toml"
  kubelet_configuration "$i" >"$at/kubelet.yaml"
  node_object "$i" | kubectl_cp create -f - >/dev/null
  start "n$i" "n$i" "$here/cluster.d/node-init" "n$i" "$name" "$folder" "$programs" "$(node_ip "$i"),$(node_ip6 "$i")"
}

# Made before its kubelet is, which adopts it: with the pod addresses that the routes expect.
node_object() {
  jq -nc --arg name "n$1" --arg zone "zone-$1" --arg cidr "$(pod_cidr "$1")" --arg cidr6 "$(pod_cidr6 "$1")" '{
    apiVersion: "v1", kind: "Node", metadata: { name: $name, labels: { "topology.kubernetes.io/zone": $zone } },
    spec: { podCIDR: $cidr, podCIDRs: [$cidr, $cidr6] } }'
}

cni_configuration() {
  jq -n --arg type "$2" --arg cidr "$(pod_cidr "$1")" --arg cidr6 "$(pod_cidr6 "$1")" '{
    cniVersion: "1.0.0", name: "cluster", plugins: [
      ({ type: $type, ipMasq: false, mtu: 1500,
         ipam: { type: "host-local", dataDir: "/var/lib/cni/networks", ranges: [[{ subnet: $cidr }], [{ subnet: $cidr6 }]],
                 routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }] } }
       + if $type == "bridge" then { bridge: "cni0", isGateway: true, hairpinMode: true } else {} end),
      { type: "portmap", capabilities: { portMappings: true }, snat: true } ] }'
}

# restrict_oom_score_adj: a machine that is a container itself may not have CAP_SYS_RESOURCE, and runc dies without.
containerd_configuration() {
  cat <<TOML
version = 3
root = '/var/lib/containerd'
state = '/run/containerd'
[grpc]
  address = '/run/containerd/containerd.sock'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '$PAUSE_IMAGE'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/usr/lib/cni']
  conf_dir = '/etc/cni/net.d'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
TOML
}

# cgroupsPerQOS and failCgroupV1 are off for machines with hybrid cgroups.
kubelet_configuration() {
  cat <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
clusterDNS: [$CLUSTER_DNS]
clusterDomain: cluster.local
resolvConf: $folder/resolv.conf
evictionHard: {memory.available: "50Mi"}
imageGCHighThresholdPercent: 100
address: $(node_ip "$1")
nodeStatusUpdateFrequency: 5s
YAML
}

# The first process of the node, as this machine numbers it.
node_pid() {
  local pid
  pid=$(process_of "$1") || return
  # unshare waits for its child, the node's pid 1.
  tr -d ' ' <"/proc/$pid/task/$pid/children"
}

# in_node NODE COMMAND...: in all namespaces and in the cgroups of the node, as if logged in there.
in_node() (
  pid=$(node_pid "$1") && [[ -n $pid ]] || fail "Cannot enter node \"$1\": it does not run"
  for own in /sys/fs/cgroup/"$name-$1"/node /sys/fs/cgroup/*/"$name-$1"{,/node}; do
    [[ ! -e $own/cgroup.procs ]] || echo "$BASHPID" >"$own/cgroup.procs"
  done
  exec nsenter --target "$pid" --mount --net --uts --pid --cgroup -- env PATH="$programs:$PATH" "${@:2}"
)
