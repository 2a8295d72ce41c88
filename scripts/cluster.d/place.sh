# shellcheck shell=bash
# Where a cluster lives: its folder, names and addresses, and how a process is started in it and stopped.
# Everything that a cluster makes on the machine bears its name or lies in its folder: by that it is found and removed.

name=${BPFSVC_CLUSTER:-cluster}
[[ $name =~ ^[a-z][a-z0-9-]{0,30}$ ]] || { echo "cluster: Cannot use cluster name \"$name\": letters, digits and dashes make one" >&2; exit 2; }
folder=/var/lib/bpfsvc-cluster/$name
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bpfsvc
# What scripts/kube-binaries builds.
programs=$cache/kube/$(awk '$1 == "k8s.io/kubernetes" { print substr($2, 2) }' "$here/kube/kubernetes/go.mod")

# All nodes share a link; the control plane is a machine of its own on it.
CONTROL_PLANE=192.168.77.2 CONTROL_PLANE6=fd00:77::2
CLUSTER_DNS=10.96.0.10
# Where clients from outside of the nodes' link come from: the addresses of load balancers are routed with it.
OUTSIDE=203.0.113.2
node_ip() { echo "192.168.77.$((10 + $1))"; }
node_ip6() { echo "fd00:77::$((10 + $1))"; }
# The addresses of all pods, one range per family, and those of a node's.
POD_CIDRS=10.244.0.0/16,fd00:244::/48
pod_cidr() { echo "10.244.$1.0/24"; }
pod_cidr6() { echo "fd00:244:$1::/64"; }

say() { echo "cluster: $1" >&2; }
fail() { say "$1"; exit 1; }

node_numbers() { seq "$(cat "$folder/nodes" 2>/dev/null || echo 0)"; }

# in_net MACHINE COMMAND...: in the network namespace of "cp" or a node, with this machine's files.
in_net() { nsenter --net="/run/netns/$name-$1" "${@:2}"; }

# start MACHINE PROCESS COMMAND...: on "cp" or a node, or on "host", which is this machine itself; in the background, as a
# process group of its own. Log and identity are kept.
start() {
  local machine=$1 process=$2 enter=()
  shift 2
  [[ $machine == host ]] || enter=(nsenter --net="/run/netns/$name-$machine")
  "${enter[@]}" setsid "$@" >"$folder/logs/$process" 2>&1 </dev/null &
  # A number may be used again by somebody else's process: the start time tells.
  echo "$! $(start_time $!)" >"$folder/processes/$process"
  # Its end is nothing that this shell should tell.
  disown
}

start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# The process group that was started by this name, if it still is there.
process_of() {
  local pid started
  read -r pid started 2>/dev/null <"$folder/processes/$1" || return
  [[ -n $started && $(start_time "$pid") == "$started" ]] && echo "$pid"
}

# end_processes NAME...: at once, as nothing that a cluster holds is kept; with a node's first process all of it goes.
end_processes() {
  local process pid
  for process in "$@"; do ! pid=$(process_of "$process") || kill -KILL -- "-$pid" 2>/dev/null || true; done
  for process in "$@"; do
    wait_for 10 "$process to end" gone "$process"
    rm -f "$folder/processes/$process"
  done
}

gone() { ! process_of "$1"; }

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || { say "Cannot wait longer for $what"; return 1; }
    sleep 0.1
  done
}

kubectl_cp() { in_net cp "$programs/kubectl" --kubeconfig "$folder/kubeconfig.inside" "$@"; }
