// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The pod edge and the uplink guard. VIPs exist only between a pod and the host side of its device:
 * behind pod_in every packet carries the real client and the real backend; docs/design.md, "Packets".
 * Whatever is not ours goes on untouched: TC_ACT_UNSPEC, so that other tools' filters still run.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include "ct.h"
#include "frag.h"
#include "icmp.h"
#include "nat.h"
#include "refuse.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ADDRESS_FAMILY_V4 2
#define ADDRESS_FAMILY_V6 10

static __always_inline enum client classify(const struct config *cfg, const struct ip *source)
{
	const struct vip *own;

	if (cfg->flags & CONFIG_F_DETECTOR) {
#pragma unroll
		for (int i = 0; i < 8; i++) {
			if (ip_inside(source, &cfg->local_cidrs[i]))
				return CLIENT_POD;
		}
	}
	own = bpf_map_lookup_elem(&vips, source);
	return own && own->flags & VIP_F_NODE_IP ? CLIENT_NODE : CLIENT_OTHER;
}

static __always_inline struct device get_device(struct __sk_buff *skb)
{
	struct device none = { .peer_nsid = NSID_UNKNOWN };
	__u32 ifindex = skb->ifindex;
	const struct device *known = bpf_map_lookup_elem(&devices, &ifindex);

	return known ? *known : none;
}

/*
 * Client and backend on one bridge: the answer will be switched, so the request must be too, or
 * netfilter sees half of the flow. Leaves the backend's MAC in the row once the node knows it.
 */
static __noinline void find_mac(struct __sk_buff *skb, struct flow *flow)
{
	struct device device = get_device(skb);
	struct bpf_fib_lookup fib = {};
	long found;

	if (!device.bridge_ifindex) {
		flow->flags &= ~FLOW_F_BRIDGE;
		return;
	}
	fib.ifindex = device.bridge_ifindex;
	fib.l4_protocol = flow->proto;
	fib.sport = flow->forwarded.sport;
	fib.dport = flow->forwarded.dport;
	if (ip_is_v4(&flow->dialled.daddr)) {
		fib.family = ADDRESS_FAMILY_V4;
		fib.ipv4_src = flow->forwarded.saddr.word[3];
		fib.ipv4_dst = flow->forwarded.daddr.word[3];
	} else {
		fib.family = ADDRESS_FAMILY_V6;
		__builtin_memcpy(fib.ipv6_src, &flow->forwarded.saddr, sizeof(fib.ipv6_src));
		__builtin_memcpy(fib.ipv6_dst, &flow->forwarded.daddr, sizeof(fib.ipv6_dst));
	}
	found = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
	if (found == BPF_FIB_LKUP_RET_NO_NEIGH)
		return; /* this packet is routed, and the node asks for the neighbour */
	if (found != BPF_FIB_LKUP_RET_SUCCESS || fib.ifindex != device.bridge_ifindex) {
		flow->flags &= ~FLOW_F_BRIDGE;
		return;
	}
	__builtin_memcpy(flow->mac, fib.dmac, sizeof(flow->mac));
}

/* A packet of a known flow becomes what it is to be at this step. */
static __always_inline int follow(struct __sk_buff *skb, const struct packet *packet,
				  const struct config *cfg, struct flow *flow, __u32 step,
				  bool looked_at)
{
	struct tuple new = becomes(cfg, flow, step);
	__u8 mac[ETH_ALEN];
	bool to_bridge = false;

	if (step == STEP_REQUEST && flow->flags & FLOW_F_BRIDGE) {
		if (looked_at || !has_mac(flow))
			find_mac(skb, flow);
		to_bridge = flow->flags & FLOW_F_BRIDGE && has_mac(flow);
		__builtin_memcpy(mac, flow->mac, sizeof(mac));
	}
	if (!rewrite(skb, packet, &new))
		return TC_ACT_SHOT;
	if (to_bridge)
		bpf_skb_store_bytes(skb, 0, mac, sizeof(mac), 0);
	return TC_ACT_UNSPEC;
}

/* Makes the flow in scratch, whose `forwarded` is the packet as the backend is to see it. */
__noinline int track(struct __sk_buff *skb)
{
	struct scratch *rows = get_scratch();
	const struct config *cfg = get_config();

	if (!rows || !cfg)
		return -1;
	rows->now = seconds();
	rows->flow.dialled = rows->packet.key.tuple;
	rows->flow.proto = rows->packet.key.proto;
	rows->flow.created = rows->now;
	rows->flow.looked_at = bpf_jiffies64();
	rows->flow.tcp[HOOK_POD_IN] = tcp_seen(&rows->packet);
	rows->answer_key.tuple = reverse(&rows->flow.forwarded);
	rows->answer_key.proto = rows->flow.proto;
	rows->answer_key.hook = HOOK_POD_OUT;
	if (reserve_answer(skb, get_device(skb).peer_nsid))
		return -1;
	rows->flow.forwarded.sport = rows->answer_key.tuple.dport;
	if (rows->flow.forwarded.sport != rows->flow.dialled.sport)
		rows->flow.flags |= FLOW_F_RENAMED;
	if (rows->flow.flags & FLOW_F_HAIRPIN) {
		struct tuple hairpin;

		rows->flow.hairpin_port = rows->flow.forwarded.sport;
		hairpin = masked(cfg, &rows->flow);
		rows->hairpin_key.tuple = reverse(&hairpin);
		rows->hairpin_key.proto = rows->flow.proto;
		rows->hairpin_key.hook = HOOK_POD_IN;
		if (reserve_hairpin(skb))
			return -1;
		rows->flow.hairpin_port = rows->hairpin_key.tuple.dport;
	}
	/* If another one was faster: try again at the next packet. */
	return put_flow(cfg, &rows->flow, rows->now) ? 0 : -1;
}

/* May this datagram stay with its backend? The members are asked only after some went. */
static __always_inline bool is_member(const struct config *cfg, struct flow *flow)
{
	__u32 epoch = READ_ONCE(cfg->epoch);

	if (flow->epoch == epoch)
		return true;
	if (!member_flags(flow->service_id, flow->backend_id))
		return false;
	flow->epoch = epoch;
	return true;
}

/* Is this flow no longer to be followed: a new connection, or a backend that is gone? */
static __always_inline bool is_over(const struct config *cfg, const struct packet *packet,
				    struct flow *flow)
{
	const struct backend *backend;

	if (!flow->service_id)
		return false;
	if (packet->key.proto != IPPROTO_TCP)
		return !is_member(cfg, flow);
	if (!opens_connection(packet))
		return false;
	if (is_closed(flow))
		return true;
	if (flow->tcp[HOOK_POD_OUT])
		return false;
	backend = get_backend(flow->backend_id);
	return !backend || !ip_equal(&backend->addr, &flow->forwarded.daddr) ||
	       backend->port != flow->forwarded.dport;
}

/*
 * Would the answers of this direct packet be taken for those of a living flow to a VIP? One that is over
 * gives its tuple back.
 */
static __noinline bool collides(const struct config *cfg, const struct packet *packet)
{
	struct ct_key answer = {
		.tuple = reverse(&packet->key.tuple),
		.proto = packet->key.proto,
		.hook = HOOK_POD_OUT,
	};
	__u32 step;
	struct flow *flow = find_flow(cfg, &answer, &step);

	return flow && !yields(cfg, flow, seconds());
}

/* What has no verdict yet: values that no TC_ACT_* has. */
enum opened {
	NO_FRONTEND = -2, /* nobody serves this port here */
	FORWARDED = -3, /* the flow in scratch says where to; the packet is still as it came */
};

/* A new flow, in scratch, to an address that is a VIP: a verdict, or enum opened. */
__noinline int open_flow(struct __sk_buff *skb)
{
	struct scratch *rows = get_scratch();
	const struct config *cfg = get_config();
	const struct frontend *frontend;
	const struct service *service;
	const struct backend *backend;
	const column_t *column;
	__u32 service_id, backend_id, epoch;
	column_t now;

	if (!rows || !cfg)
		return TC_ACT_UNSPEC;
	epoch = READ_ONCE(cfg->epoch); /* before a member is picked that may go */
	frontend = find_frontend(rows->vip_flags, &rows->packet.key.tuple.daddr,
				 rows->packet.key.tuple.dport, rows->packet.key.proto);
	if (!frontend)
		return rows->vip_flags & VIP_F_CLUSTER_IP ?
			       refuse(skb, REASON_UNKNOWN_PORT, ANSWER_EGRESS) :
			       NO_FRONTEND;
	service = get_service(frontend);
	if (!service)
		return TC_ACT_UNSPEC;
	service_id = frontend->service_id;
	if (filters_source(service, frontend) &&
	    !source_allowed(service_id, &rows->packet.key.tuple.saddr)) {
		count_reason(REASON_SOURCE_RANGE);
		count_refusal(service_id, false);
		return TC_ACT_SHOT;
	}
	column = get_column(service, frontend->scope, classify(cfg, &rows->packet.key.tuple.saddr));
	now = READ_ONCE(*column);
	if (column_verdict(now) == VERDICT_REJECT) {
		count_refusal(service_id, true);
		return refuse(skb, REASON_REJECT, ANSWER_EGRESS);
	}
	if (column_verdict(now) == VERDICT_DROP) {
		count_refusal(service_id, false);
		count_reason(REASON_DROP);
		return TC_ACT_SHOT;
	}
	if (column_verdict(now) != VERDICT_FORWARD)
		return TC_ACT_UNSPEC;
	if (column_flags(now) & COLUMN_F_MASQUERADE) {
		count_reason(REASON_NEEDS_MASQUERADE);
		return TC_ACT_UNSPEC;
	}
	if (rows->packet.key.proto == IPPROTO_TCP && !opens_connection(&rows->packet)) {
		if (cfg->flags & CONFIG_F_COEXIST)
			return TC_ACT_UNSPEC;
		return refuse(skb, REASON_NO_FLOW, ANSWER_EGRESS);
	}
	backend = pick_for_client(service, service_id, column, &rows->packet.key.tuple.saddr,
				  &backend_id);
	if (!backend)
		return TC_ACT_SHOT;
	if (rows->packet.key.proto == SCTP_PROTO && backend->port != rows->packet.key.tuple.dport) {
		count_reason(REASON_SCTP_PORT);
		return TC_ACT_SHOT;
	}
	__builtin_memset(&rows->flow, 0, sizeof(rows->flow));
	rows->flow.service_id = service_id;
	rows->flow.backend_id = backend_id;
	rows->flow.epoch = epoch;
	rows->flow.forwarded = rows->packet.key.tuple;
	rows->flow.forwarded.daddr = backend->addr;
	rows->flow.forwarded.dport = backend->port;
	if (ip_equal(&rows->packet.key.tuple.saddr, &backend->addr))
		rows->flow.flags = FLOW_F_HAIRPIN;
	else if (backend->flags & BACKEND_F_LOCAL)
		rows->flow.flags = FLOW_F_BRIDGE;
	return FORWARDED;
}

/* The packet collides: its flow, in scratch, is to get another source port. */
static __always_inline void rename_direct(struct scratch *rows)
{
	__u32 zero = 0;
	struct config *cfg = bpf_map_lookup_elem(&config, &zero);

	__builtin_memset(&rows->flow, 0, sizeof(rows->flow));
	rows->flow.flags = FLOW_F_DIRECT;
	rows->flow.forwarded = rows->packet.key.tuple;
	if (cfg)
		cfg->renamed = 1;
}

/* A packet without a flow: makes one where it needs one. A verdict, or FORWARDED. */
static __always_inline int open(struct __sk_buff *skb, const struct packet *packet,
				const struct config *cfg, const struct vip *vip)
{
	struct scratch *rows = get_scratch();
	int action = NO_FRONTEND;

	if (!rows)
		return TC_ACT_UNSPEC;
	if (vip) {
		rows->packet = *packet;
		rows->vip_flags = vip->flags;
		action = open_flow(skb);
	}
	if (action == NO_FRONTEND) {
		if ((packet->key.proto == IPPROTO_TCP && !opens_connection(packet)) ||
		    !collides(cfg, packet))
			return TC_ACT_UNSPEC;
		rows->packet = *packet;
		rename_direct(rows);
		action = FORWARDED;
	}
	if (action != FORWARDED)
		return action;
	if (track(skb))
		return TC_ACT_SHOT;
	if (rows->flow.service_id)
		count_connection(rows->flow.service_id, rows->flow.backend_id);
	return FORWARDED;
}

/* The first packet of a flow: what it becomes is still at hand. */
static __always_inline int follow_new(struct __sk_buff *skb, const struct packet *packet,
				      const struct config *cfg)
{
	const struct scratch *rows = get_scratch();
	struct flow *flow;

	if (!rows)
		return TC_ACT_SHOT;
	if (!(rows->flow.flags & FLOW_F_BRIDGE))
		return rewrite(skb, packet, &rows->flow.forwarded) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
	flow = get_flow(rows->flow.place); /* it is to learn a MAC, too */
	return flow ? follow(skb, packet, cfg, flow, STEP_REQUEST, true) : TC_ACT_SHOT;
}

static __always_inline int icmp(struct __sk_buff *skb, const struct packet *packet)
{
	struct scratch *in_hand = get_scratch();

	if (!in_hand || !is_icmp_error(skb, packet))
		return TC_ACT_UNSPEC;
	in_hand->packet = *packet;
	return translate_icmp_error(skb);
}

static __always_inline bool is_icmp(const struct packet *packet)
{
	return packet->key.proto == IPPROTO_ICMP || packet->key.proto == IPPROTO_ICMPV6;
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

	if (!cfg || !parse(skb, ETH_HLEN, HOOK_POD_IN, &packet))
		return TC_ACT_UNSPEC;
	vip = bpf_map_lookup_elem(&vips, &packet.key.tuple.daddr);
	if (is_icmp(&packet))
		return vip ? icmp(skb, &packet) : TC_ACT_UNSPEC;
	if (packet.fragment && !resolve_fragment(&packet))
		return TC_ACT_UNSPEC;
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
	action = open(skb, &packet, cfg, vip);
	return action == FORWARDED ? follow_new(skb, &packet, cfg) : action;
}

SEC("tc")
int pod_out(struct __sk_buff *skb)
{
	const struct config *cfg = get_config();
	struct packet packet = {};
	struct flow *flow;
	__u32 step;

	if (!cfg || !parse(skb, ETH_HLEN, HOOK_POD_OUT, &packet))
		return TC_ACT_UNSPEC;
	if (is_icmp(&packet))
		return icmp(skb, &packet);
	if (packet.fragment && !resolve_fragment(&packet))
		return TC_ACT_UNSPEC;
	flow = find_flow(cfg, &packet.key, &step);
	if (!flow || touch(flow, &packet) == RUN_OUT)
		return TC_ACT_UNSPEC;
	return follow(skb, &packet, cfg, flow, step, false);
}

/* Nothing leaves this node for a VIP; what a socket hook could not refuse is refused here. */
static __always_inline int guard(struct __sk_buff *skb, __u32 l3)
{
	const struct config *cfg = get_config();
	struct scratch *in_hand = get_scratch();
	struct packet packet = {};
	const struct frontend *frontend;
	const struct service *service;
	const struct vip *vip;
	__u8 verdict;

	if (!cfg || !in_hand || !parse(skb, l3, HOOK_POD_OUT, &packet))
		return TC_ACT_UNSPEC;
	vip = bpf_map_lookup_elem(&vips, &packet.key.tuple.daddr);
	if (!vip || !(vip->flags & (VIP_F_CLUSTER_IP | VIP_F_EXTERNAL)))
		return TC_ACT_UNSPEC;
	in_hand->packet = packet;
	frontend = find_frontend(vip->flags, &packet.key.tuple.daddr, packet.key.tuple.dport,
				 packet.key.proto);
	if (!frontend && !(vip->flags & VIP_F_CLUSTER_IP))
		return TC_ACT_UNSPEC;
	if (is_icmp(&packet) || packet.fragment == FRAGMENT_LATER) {
		count_reason(REASON_LEFT_NODE);
		return TC_ACT_SHOT;
	}
	if (!frontend)
		return refuse(skb, REASON_UNKNOWN_PORT, ANSWER_INGRESS);
	service = get_service(frontend);
	if (!service)
		return TC_ACT_UNSPEC;
	if (filters_source(service, frontend) &&
	    !source_allowed(frontend->service_id, &packet.key.tuple.saddr)) {
		count_reason(REASON_SOURCE_RANGE);
		return TC_ACT_SHOT;
	}
	verdict = column_verdict(READ_ONCE(
		*get_column(service, frontend->scope, classify(cfg, &packet.key.tuple.saddr))));
	if (verdict == VERDICT_REJECT)
		return refuse(skb, REASON_REJECT, ANSWER_INGRESS);
	if (verdict == VERDICT_DROP) {
		count_reason(REASON_DROP);
		return TC_ACT_SHOT;
	}
	if (cfg->flags & CONFIG_F_COEXIST)
		return TC_ACT_UNSPEC;
	return refuse(skb, REASON_LEFT_NODE, ANSWER_INGRESS);
}

SEC("tc")
int uplink_out(struct __sk_buff *skb)
{
	return guard(skb, ETH_HLEN);
}

SEC("tc")
int uplink_out_l3(struct __sk_buff *skb)
{
	return guard(skb, 0);
}
