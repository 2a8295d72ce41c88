// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The edges of the clients. VIPs exist only between a pod and the host side of its device, and between the
 * node's own processes and its uplink: behind these every packet carries the real client and the real
 * backend; docs/design.md, "Packets". Whatever is not ours goes on untouched: TC_ACT_UNSPEC, so that other
 * tools' filters still run.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include "frag.h"
#include "icmp.h"
#include "nat.h"
#include "node.h"
#include "open.h"
#include "refuse.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* A packet goes on as what it becomes at this step of its flow. */
static __always_inline int pass(struct __sk_buff *skb, const struct packet *packet,
				struct flow *flow, const struct tuple *new, __u32 step,
				bool looked_at)
{
	__u8 mac[ETH_ALEN];
	bool to_bridge = false;

	if (step == STEP_REQUEST && flow->flags & FLOW_F_BRIDGE) {
		if (looked_at || !has_mac(flow))
			find_mac(skb, flow);
		to_bridge = flow->flags & FLOW_F_BRIDGE && has_mac(flow);
		__builtin_memcpy(mac, flow->mac, sizeof(mac));
	}
	if (!rewrite(skb, packet, new))
		return TC_ACT_SHOT;
	if (to_bridge)
		bpf_skb_store_bytes(skb, 0, mac, sizeof(mac), 0);
	return TC_ACT_UNSPEC;
}

static __always_inline int follow(struct __sk_buff *skb, const struct packet *packet,
				  const struct config *cfg, struct flow *flow, __u32 step,
				  bool looked_at)
{
	struct tuple new = becomes(cfg, flow, step);

	return pass(skb, packet, flow, &new, step, looked_at);
}

/* The packet in scratch is the first of a flow, or of none. */
__noinline int serve_new(struct __sk_buff *skb)
{
	struct scratch *rows = get_scratch();
	struct flow *flow;
	int action;

	if (!rows)
		return TC_ACT_UNSPEC;
	action = open(skb, rows, &flow);
	return action == FORWARDED ?
		       pass(skb, &rows->packet, flow, &rows->flow.forwarded, STEP_REQUEST, true) :
		       action;
}

static __always_inline int icmp_of_pod(struct __sk_buff *skb, const struct packet *packet)
{
	int action = icmp(skb, packet);

	return action == TRANSLATED ? TC_ACT_UNSPEC : action;
}

SEC("tc")
int pod_in(struct __sk_buff *skb)
{
	const struct config *cfg = get_config();
	struct packet packet = {};
	const struct vip *vip;
	struct flow *flow = NULL;
	enum touched touched;
	__u32 step;
	int action;

	if (!cfg || !parse(skb, ETH_HLEN, HOOK_FROM_CLIENT, &packet))
		return TC_ACT_UNSPEC;
	vip = bpf_map_lookup_elem(&vips, &packet.key.tuple.daddr);
	if (packet.fragment && !resolve_fragment(&packet))
		return TC_ACT_UNSPEC;
	if (cfg->node_flows && vip && vip->flags & VIP_F_NODE_IP) {
		put_packet(&packet, HOOK_TO_CLIENT, vip, EDGE_NODE);
		action = answer_node(skb, &packet);
		if (action != NOT_OURS)
			return action;
	}
	if (is_icmp(&packet))
		return vip ? icmp_of_pod(skb, &packet) : TC_ACT_UNSPEC;
	/* A direct packet has a flow only if some direct connection had to change its port. */
	if (vip || cfg->renamed)
		flow = find_flow(cfg, &packet.key, &step);
	if (flow && (step != STEP_REQUEST || !is_over(cfg, &packet, flow))) {
		touched = touch(flow, &packet);
		if (touched != RUN_OUT)
			return follow(skb, &packet, cfg, flow, step, touched == LOOKED_AT);
	}
	if (flow)
		forget_flow(cfg, flow);
	else if (packet.key.proto == IPPROTO_TCP && !opens_connection(&packet) &&
		 !(vip && vip->flags & (VIP_F_CLUSTER_IP | VIP_F_EXTERNAL)))
		return TC_ACT_UNSPEC; /* midstream to a node or a pod: the bulk of what is not ours */
	if (!vip && !collides(cfg, &packet))
		return TC_ACT_UNSPEC; /* the rest of it, spared the way through scratch */
	put_packet(&packet, HOOK_FROM_CLIENT, vip, EDGE_POD);
	return conclude(skb, serve_new(skb), ANSWER_EGRESS);
}

SEC("tc")
int pod_out(struct __sk_buff *skb)
{
	const struct config *cfg = get_config();
	struct packet packet = {};
	struct flow *flow;
	__u32 step;

	if (!cfg || !parse(skb, ETH_HLEN, HOOK_TO_CLIENT, &packet))
		return TC_ACT_UNSPEC;
	if (is_icmp(&packet))
		return icmp_of_pod(skb, &packet);
	if (packet.fragment && !resolve_fragment(&packet))
		return TC_ACT_UNSPEC;
	flow = find_flow(cfg, &packet.key, &step);
	if (flow && touch(flow, &packet) != RUN_OUT)
		return follow(skb, &packet, cfg, flow, step, false);
	if (!cfg->node_flows || is_handed_on(skb) || !is_own_address(&packet.key.tuple.saddr))
		return TC_ACT_UNSPEC;
	put_packet(&packet, HOOK_FROM_CLIENT, NULL, EDGE_NODE);
	return keep_apart(skb);
}

static __always_inline int stop(__u32 reason)
{
	count_reason(reason);
	return TC_ACT_SHOT;
}

/* Nothing leaves this node for a VIP: the node's own packets are served, what else could not be refused is. */
static __always_inline int keep_vips(struct __sk_buff *skb, __u32 l3)
{
	const struct config *cfg = get_config();
	struct packet packet = {};
	const struct vip *vip;
	bool is_vip, from_node;

	if (!cfg || !parse(skb, l3, HOOK_FROM_CLIENT, &packet))
		return TC_ACT_UNSPEC;
	vip = bpf_map_lookup_elem(&vips, &packet.key.tuple.daddr);
	is_vip = vip && vip->flags & (VIP_F_CLUSTER_IP | VIP_F_EXTERNAL);
	if (!is_vip && (!cfg->node_flows || is_handed_on(skb) || is_icmp(&packet)))
		return TC_ACT_UNSPEC;
	/* without a link layer there is no way back into the stack */
	from_node = l3 && is_own_address(&packet.key.tuple.saddr);
	if (is_icmp(&packet) ? !from_node : packet.fragment && !resolve_fragment(&packet))
		return is_vip ? stop(REASON_LEFT_NODE) : TC_ACT_UNSPEC;
	put_packet(&packet, HOOK_FROM_CLIENT, is_vip ? vip : NULL,
		   from_node ? EDGE_NODE : EDGE_NONE);
	if (!is_vip)
		return from_node ? keep_apart(skb) : TC_ACT_UNSPEC;
	return conclude(skb, from_node ? serve_node(skb) : serve_new(skb), ANSWER_INGRESS);
}

SEC("tc")
int uplink_out(struct __sk_buff *skb)
{
	return keep_vips(skb, ETH_HLEN);
}

SEC("tc")
int uplink_out_l3(struct __sk_buff *skb)
{
	return keep_vips(skb, 0);
}

SEC("tc")
int uplink_in(struct __sk_buff *skb)
{
	const struct config *cfg = get_config();
	struct packet packet = {};
	int action;

	if (!cfg || !cfg->node_flows || !parse(skb, ETH_HLEN, HOOK_TO_CLIENT, &packet))
		return TC_ACT_UNSPEC;
	if (packet.fragment && !resolve_fragment(&packet))
		return TC_ACT_UNSPEC;
	put_packet(&packet, HOOK_TO_CLIENT, NULL, EDGE_NODE);
	action = answer_node(skb, &packet);
	return action == NOT_OURS ? TC_ACT_UNSPEC : action;
}
