# shellcheck shell=bash
# etcd, the API server, the controllers and the scheduler: processes in the namespace "cp".

start_control_plane() {
  start cp etcd "$programs/etcd" --data-dir "$folder/etcd" --unsafe-no-fsync \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
  wait_for 30 etcd in_net cp curl -sf http://127.0.0.1:2379/health || explain etcd
  # Clients in the nodes prefer the node's InternalIP, which is what they have.
  start cp kube-apiserver "$programs/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
    --bind-address=0.0.0.0 --advertise-address="$CONTROL_PLANE" --secure-port=6443 \
    --tls-cert-file="$folder/api.crt" --tls-private-key-file="$folder/api.key" --cert-dir="$folder" --client-ca-file="$folder/ca.crt" \
    --service-cluster-ip-range=10.96.0.0/16,fd00:96::/112 --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$folder/sa.pub" --service-account-signing-key-file="$folder/sa.key" \
    --token-auth-file="$folder/tokens.csv" --authorization-mode=RBAC,Node --allow-privileged=true \
    --kubelet-preferred-address-types=InternalIP
  wait_for 90 kube-apiserver kubectl_cp get --raw /readyz || explain kube-apiserver
  # A node that dies is noticed within 20 s, so that a test need not wait a minute.
  start cp kube-controller-manager "$programs/kube-controller-manager" --kubeconfig="$folder/kubeconfig.inside" --leader-elect=false \
    --service-account-private-key-file="$folder/sa.key" --root-ca-file="$folder/ca.crt" --use-service-account-credentials \
    --node-monitor-grace-period=20s
  start cp kube-scheduler "$programs/kube-scheduler" --kubeconfig="$folder/kubeconfig.inside" --leader-elect=false
}

# The API on a free port of this machine's loopback, and a kubeconfig for it: the cluster has no other way in.
open_api() {
  local relay=("$(command -v node)" "$here/../.cache/scripts/scripts/relay/main.js") port
  start cp api-inside "${relay[@]}" "$folder/api.sock" "$CONTROL_PLANE:6443"
  start host api-outside "${relay[@]}" 127.0.0.1:0 "$folder/api.sock"
  wait_for 10 "the API on 127.0.0.1" test -s "$folder/logs/api-outside" || explain api-outside
  port=$(cat "$folder/logs/api-outside")
  sed "s|$CONTROL_PLANE:6443|127.0.0.1:$port|" "$folder/kubeconfig.inside" >"$folder/kubeconfig"
}

# Ends with the last lines of a process that did not come up.
explain() {
  tail -n 15 "$folder/logs/$1" >&2
  fail "Cannot start the cluster: \"$1\" does not answer, its last lines are above"
}
