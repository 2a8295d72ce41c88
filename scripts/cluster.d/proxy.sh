# shellcheck shell=bash
# The Service proxy of the cluster: bpfsvc as the DaemonSet of deploy/, or a real kube-proxy as its peer. Both are told
# the addresses of pods, as on most clusters: what comes from one's own pods is not masqueraded, nor bound by the Local policy.

check_proxy() {
  case $1 in
    bpfsvc | bpfsvc:packet-path | kube-proxy:iptables | kube-proxy:nftables | none) ;;
    *) wrong_call "Unknown proxy \"$1\"" ;;
  esac
}

start_proxy() {
  case $1 in
    bpfsvc) start_bpfsvc on ;;
    bpfsvc:packet-path) start_bpfsvc off ;;
    kube-proxy:*) start_kube_proxies "${1#*:}" ;;
  esac
}

# start_bpfsvc SOCKET_HOOKS: needs the image in the nodes. The in-cluster address of the API is a ClusterIP, which nobody serves before the agent does.
start_bpfsvc() {
  kubectl_cp -n kube-system create configmap bpfsvc-api --from-literal=server="https://$CONTROL_PLANE:6443" >/dev/null
  kubectl_cp kustomize "$here/../deploy" | sed "s|^\( *\)- --standby$|&\n\1- --socket-hooks=$1\n\1- --cluster-cidr=$POD_CIDRS|" | kubectl_cp apply -f - >/dev/null
  wait_for 90 "the DaemonSet of bpfsvc" bpfsvc_ready || explain_pods app.kubernetes.io/name=bpfsvc
}

bpfsvc_ready() { kubectl_cp -n kube-system rollout status daemonset/bpfsvc --timeout=1s; }

explain_pods() {
  kubectl_cp -n kube-system get pods -l "$1" -o wide >&2 || true
  kubectl_cp -n kube-system get events --field-selector type=Warning | tail -n 4 >&2 || true
  kubectl_cp -n kube-system logs -l "$1" --tail=10 >&2 || true
  fail "Cannot start the cluster: its pods with \"$1\" are not ready, see above"
}

# A process on every node. It leaves the machine's conntrack limits alone, but for the timeout that the suite looks at.
start_kube_proxies() {
  local mode=$1 i
  for i in $(node_numbers); do
    cat >"$folder/n$i/kube-proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: $mode
hostnameOverride: n$i
clusterCIDR: "$POD_CIDRS"
clientConnection: {kubeconfig: $folder/kubeconfig.inside}
conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 1h}
YAML
    start "n$i" "n$i-kube-proxy" "$programs/kube-proxy" --config "$folder/n$i/kube-proxy.yaml"
  done
  for i in $(node_numbers); do
    wait_for 30 "kube-proxy of n$i" in_net "n$i" curl -sf http://127.0.0.1:10256/healthz || explain "n$i-kube-proxy"
  done
}
