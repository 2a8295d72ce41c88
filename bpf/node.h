/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * The node as a client, where no socket hook serves it: its packets for a VIP leave by the route of the
 * VIP, so the uplink is their edge, as a pod's device is the pod's. In the node's own network stack they
 * have the VIP. From here they go to the device that leads to the backend; the answers enter by the uplink
 * again, wherever they came from, since strict rp_filter takes them from nowhere else.
 */
#include <linux/pkt_cls.h>
#include "icmp.h"
#include "nat.h"
#include "open.h"
#include "route.h"

/*
 * Says on a packet, for the programs of the devices that it still passes on this node, that it belongs to a
 * flow to a VIP: as it is now, it could be a direct one as well.
 */
#define HANDED_ON 0xb5c

static __always_inline bool is_handed_on(const struct __sk_buff *skb)
{
	return skb->tc_index == HANDED_ON;
}

/* The request in hand tells by which uplink its flow goes, and the routes where to from there. */
static __noinline void learn_way(struct __sk_buff *skb, struct flow *flow)
{
	struct bpf_fib_lookup fib;
	long found;

	flow->uplink = skb->ifindex;
	bpf_skb_load_bytes(skb, ETH_ALEN, flow->mac,
			   sizeof(flow->mac)); /* the uplink is the sender */
	if (flow->flags & FLOW_F_SELF)
		return;
	found = look_up_route(skb, flow, skb->ifindex, &fib);
	flow->out = found == BPF_FIB_LKUP_RET_SUCCESS || found == BPF_FIB_LKUP_RET_NO_NEIGH ||
				    found == BPF_FIB_LKUP_RET_FRAG_NEEDED ?
			    fib.ifindex :
			    0;
}

/* Into the node's network stack, as if it came from the wire of the flow's uplink. */
static __always_inline int enter_by_uplink(struct __sk_buff *skb, const struct flow *flow)
{
	if (bpf_skb_store_bytes(skb, 0, flow->mac, sizeof(flow->mac), 0))
		return TC_ACT_SHOT;
	return bpf_redirect(flow->uplink, BPF_F_INGRESS);
}

/* A rewritten packet that the node sent goes on. */
static __always_inline int leave_node(struct __sk_buff *skb, const struct flow *flow, __u32 step)
{
	if (step != STEP_REQUEST || flow->flags & FLOW_F_SELF)
		return enter_by_uplink(skb, flow);
	if (!flow->out) {
		count_reason(REASON_LEFT_NODE);
		return TC_ACT_SHOT;
	}
	skb->tc_index = HANDED_ON;
	return bpf_redirect_neigh(flow->out, NULL, 0, 0);
}

static __always_inline int follow_from_node(struct __sk_buff *skb, struct scratch *rows,
					    struct flow *flow, __u32 step, bool looked_at)
{
	const struct config *cfg = get_config();

	if (!cfg)
		return TC_ACT_UNSPEC;
	if (step == STEP_REQUEST && (looked_at || flow->uplink != skb->ifindex))
		learn_way(skb, flow);
	rows->becomes = becomes(cfg, flow, step);
	if (!rewrite(skb, &rows->packet, &rows->becomes))
		return TC_ACT_SHOT;
	return leave_node(skb, flow, step);
}

static __always_inline int icmp_from_node(struct __sk_buff *skb, struct scratch *rows)
{
	struct flow *flow = icmp(skb, &rows->packet) == TRANSLATED ? get_flow(rows->place) : NULL;

	if (flow)
		return leave_node(skb, flow, rows->step);
	count_reason(REASON_LEFT_NODE);
	return TC_ACT_SHOT;
}

/* The packet in scratch is one that this node sends to a VIP; at an uplink. */
__noinline int serve_node(struct __sk_buff *skb)
{
	const struct config *cfg = get_config();
	struct scratch *rows = get_scratch();
	enum touched touched;
	struct flow *flow;
	__u32 step;
	int action;

	if (!rows || !cfg)
		return TC_ACT_UNSPEC;
	if (is_icmp(&rows->packet))
		return icmp_from_node(skb, rows);
	flow = find_flow(cfg, &rows->packet.key, &step);
	if (!flow && cfg->node_flows) {
		/* from a server of this node to a client of this node? */
		rows->packet.key.hook = HOOK_TO_CLIENT;
		flow = find_flow(cfg, &rows->packet.key, &step);
		if (!flow)
			rows->packet.key.hook = HOOK_FROM_CLIENT;
	}
	if (flow && (step != STEP_REQUEST || !is_over(cfg, &rows->packet, flow))) {
		touched = touch(flow, &rows->packet);
		if (touched != RUN_OUT)
			return follow_from_node(skb, rows, flow, step, touched == LOOKED_AT);
	}
	if (flow)
		forget_flow(cfg, flow);
	action = open(skb, rows, &flow);
	return action == FORWARDED ? follow_from_node(skb, rows, flow, STEP_REQUEST, true) : action;
}

/*
 * The packet in scratch is one that this node sends to somebody directly, at any device: it gets another
 * port if its answers would be taken for those of a flow to a VIP.
 */
__noinline int keep_apart(struct __sk_buff *skb)
{
	const struct config *cfg = get_config();
	struct scratch *rows = get_scratch();
	struct flow *flow;
	__u32 step;
	int action;

	if (!rows || !cfg)
		return TC_ACT_UNSPEC;
	flow = cfg->renamed ? find_flow(cfg, &rows->packet.key, &step) : NULL;
	if (!flow || touch(flow, &rows->packet) == RUN_OUT) {
		action = open(skb, rows, &flow);
		if (action != FORWARDED)
			return action;
	}
	return rewrite(skb, &rows->packet, &flow->forwarded) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/* A translated packet that arrives for this node. */
static __always_inline int arrive(struct __sk_buff *skb, const struct flow *flow)
{
	if (flow->flags & FLOW_F_DIRECT || skb->ifindex == flow->uplink)
		return TC_ACT_UNSPEC;
	return enter_by_uplink(skb, flow);
}

/* The packet in scratch is no ICMP. */
__noinline int answer_in_flow(struct __sk_buff *skb)
{
	const struct config *cfg = get_config();
	struct scratch *rows = get_scratch();
	struct flow *flow;
	__u32 step;

	if (!rows || !cfg)
		return NOT_OURS;
	flow = find_flow(cfg, &rows->packet.key, &step);
	if (!flow || !(flow->flags & FLOW_F_NODE) || touch(flow, &rows->packet) == RUN_OUT)
		return NOT_OURS;
	rows->becomes = becomes(cfg, flow, step);
	return rewrite(skb, &rows->packet, &rows->becomes) ? arrive(skb, flow) : TC_ACT_SHOT;
}

/* The packet in scratch, met anywhere, may answer the node: NOT_OURS if it doesn't. */
static __always_inline int answer_node(struct __sk_buff *skb, const struct packet *packet)
{
	const struct scratch *rows = get_scratch();
	const struct flow *flow;
	int action;

	if (!is_icmp(packet))
		return answer_in_flow(skb);
	if (!rows || !is_icmp_error(skb, packet))
		return NOT_OURS;
	action = translate_icmp_error(skb);
	if (action != TRANSLATED)
		return action == TC_ACT_UNSPEC ? NOT_OURS : action;
	flow = get_flow(rows->place);
	return flow ? arrive(skb, flow) : TC_ACT_SHOT;
}
