# shellcheck shell=bash
# The machines' network: namespaces on a bridge that is in a namespace itself, routes to the nodes' pods.

make_network() {
  local machine i
  ip netns add "$name-link"
  in_net link ip link add br0 type bridge
  in_net link ip link set br0 up
  add_machine cp "$CONTROL_PLANE" "$CONTROL_PLANE6"
  in_net cp ip addr add "$OUTSIDE/32" dev lo
  # The load balancer spreads connections, not clients.
  in_net cp sysctl -qw net.ipv4.fib_multipath_hash_policy=1 net.ipv6.fib_multipath_hash_policy=1
  for i in $(node_numbers); do
    add_machine "n$i" "$(node_ip "$i")" "$(node_ip6 "$i")"
    in_net "n$i" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    in_net "n$i" ip route add default via "$CONTROL_PLANE"
    in_net "n$i" ip -6 route add default via "$CONTROL_PLANE6"
  done
  for machine in cp $(printf 'n%s ' $(node_numbers)); do
    for i in $(node_numbers); do
      [[ $machine != "n$i" ]] || continue
      in_net "$machine" ip route add "$(pod_cidr "$i")" via "$(node_ip "$i")"
      in_net "$machine" ip -6 route add "$(pod_cidr6 "$i")" via "$(node_ip6 "$i")"
    done
  done
}

add_machine() {
  local machine=$1 address=$2 address6=$3
  ip netns add "$name-$machine"
  in_net "$machine" ip link set lo up
  ip link add eth0 netns "$name-$machine" type veth peer name "$machine" netns "$name-link"
  in_net link ip link set "$machine" master br0 up
  in_net "$machine" ip link set eth0 up
  in_net "$machine" ip addr add "$address/24" dev eth0
  in_net "$machine" ip addr add "$address6/64" dev eth0 nodad
}
