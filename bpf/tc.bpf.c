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
static __noinline void find_mac(struct __sk_buff *skb, const struct packet *packet, struct ct *row)
{
	struct device device = get_device(skb);
	struct bpf_fib_lookup fib = {};
	long found;

	if (!device.bridge_ifindex) {
		row->flags &= ~CT_F_BRIDGE;
		return;
	}
	fib.ifindex = device.bridge_ifindex;
	fib.l4_protocol = packet->key.proto;
	fib.sport = row->tuple.sport;
	fib.dport = row->tuple.dport;
	if (packet->v4) {
		fib.family = ADDRESS_FAMILY_V4;
		fib.ipv4_src = row->tuple.saddr.word[3];
		fib.ipv4_dst = row->tuple.daddr.word[3];
	} else {
		fib.family = ADDRESS_FAMILY_V6;
		__builtin_memcpy(fib.ipv6_src, &row->tuple.saddr, sizeof(fib.ipv6_src));
		__builtin_memcpy(fib.ipv6_dst, &row->tuple.daddr, sizeof(fib.ipv6_dst));
	}
	found = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
	if (found == BPF_FIB_LKUP_RET_NO_NEIGH)
		return; /* this packet is routed, and the node asks for the neighbour */
	if (found != BPF_FIB_LKUP_RET_SUCCESS || fib.ifindex != device.bridge_ifindex) {
		row->flags &= ~CT_F_BRIDGE;
		return;
	}
	__builtin_memcpy(row->mac, fib.dmac, sizeof(row->mac));
}

/* A packet of a known flow becomes what its row says. */
static __always_inline int follow(struct __sk_buff *skb, const struct packet *packet,
				  struct ct *row)
{
	struct tuple new;
	__u8 mac[ETH_ALEN];
	bool due, to_bridge;

	note_tcp(row, packet);
	due = refresh(&packet->key, row);
	if (row->flags & CT_F_BRIDGE && (due || !has_mac(row)))
		find_mac(skb, packet, row);
	new = row->tuple;
	to_bridge = row->flags & CT_F_BRIDGE && has_mac(row);
	__builtin_memcpy(mac, row->mac, sizeof(mac));
	if (!rewrite(skb, packet, &new))
		return TC_ACT_SHOT;
	if (to_bridge)
		bpf_skb_store_bytes(skb, 0, mac, sizeof(mac), 0);
	return TC_ACT_UNSPEC;
}

/* Rows of a hairpin: the pod, dialling itself, sees the node's address. */
static __always_inline int track_hairpin(struct __sk_buff *skb, struct scratch *rows,
					 const struct ip *node)
{
	rows->hairpin = rows->row;
	rows->hairpin.tuple = reverse(&rows->row.tuple);
	rows->hairpin_key.tuple = rows->hairpin.tuple;
	rows->hairpin_key.tuple.daddr = *node;
	rows->hairpin_key.proto = rows->packet.key.proto;
	rows->hairpin_key.hook = HOOK_POD_IN;
	if (reserve_hairpin(skb))
		return -1;
	rows->hairpin.tuple = reverse(&rows->hairpin_key.tuple);
	rows->hairpin_key.tuple = rows->row.tuple;
	rows->hairpin_key.hook = HOOK_POD_OUT;
	return bpf_map_update_elem(&conntrack, &rows->hairpin_key, &rows->hairpin, BPF_ANY);
}

/* Makes the rows of the flow in scratch; `row.tuple` is the packet as the backend is to see it. */
__noinline int track(struct __sk_buff *skb)
{
	struct scratch *rows = get_scratch();
	const struct config *cfg = get_config();
	const struct ip *node;

	if (!rows || !cfg)
		return -1;
	rows->row.created_ns = bpf_ktime_get_ns();
	rows->row.last_seen_ns = rows->row.created_ns;
	rows->row.looked_at = bpf_jiffies64();
	rows->answer = rows->row;
	rows->answer.tuple = reverse(&rows->packet.key.tuple);
	rows->answer.flags &= ~CT_F_BRIDGE;
	rows->answer_key.tuple = reverse(&rows->row.tuple);
	rows->answer_key.proto = rows->packet.key.proto;
	rows->answer_key.hook = HOOK_POD_OUT;
	if (reserve_answer(skb, get_device(skb).peer_nsid))
		return -1;
	rows->row.tuple = reverse(&rows->answer_key.tuple);
	node = rows->packet.v4 ? &cfg->node_addr_v4 : &cfg->node_addr_v6;
	if (rows->row.flags & CT_F_HAIRPIN && track_hairpin(skb, rows, node))
		return -1;
	note_tcp(&rows->row, &rows->packet);
	return bpf_map_update_elem(&conntrack, &rows->packet.key, &rows->row, BPF_ANY);
}

/* Is this row no longer to be followed: a new connection, or a backend that is gone? */
static __always_inline bool is_over(const struct packet *packet, const struct ct *row)
{
	const struct backend *backend;

	if (!row->service_id)
		return false;
	if (packet->key.proto != IPPROTO_TCP)
		return !member_flags(row->service_id, row->backend_id);
	if (!opens_connection(packet))
		return false;
	if (is_closed(&packet->key, row))
		return true;
	if (was_answered(&packet->key, row))
		return false;
	backend = get_backend(row->backend_id);
	return !backend || !ip_equal(&backend->addr, &row->tuple.daddr) ||
	       backend->port != row->tuple.dport;
}

/*
 * Would the answers of this direct packet be taken for those of a live VIP flow? One that is over
 * gives its tuple back: until gc comes by, its rows would take them all the same.
 */
static __noinline bool collides(const struct packet *packet)
{
	struct ct_key answer = {
		.tuple = reverse(&packet->key.tuple),
		.proto = packet->key.proto,
		.hook = HOOK_POD_OUT,
	};
	const struct ct *row = bpf_map_lookup_elem(&conntrack, &answer);
	struct ct_key request;

	if (!row)
		return false;
	if (packet->key.proto != IPPROTO_TCP || !is_closed(&answer, row))
		return true;
	request = peer_key(&answer, row);
	bpf_map_delete_elem(&conntrack, &request);
	bpf_map_delete_elem(&conntrack, &answer);
	return false;
}

/* What has no verdict yet: values that no TC_ACT_* has. */
enum opened {
	NO_FRONTEND = -2, /* nobody serves this port here */
	TRACKED = -3, /* the flow has its rows now, the packet is still as it came */
};

/* The packet in scratch collides: its flow gets rows that give it another source port. */
static __always_inline int track_direct(struct __sk_buff *skb, struct scratch *rows)
{
	struct config *cfg;
	__u32 zero = 0;

	__builtin_memset(&rows->row, 0, sizeof(rows->row));
	rows->row.flags = CT_F_DIRECT;
	rows->row.tuple = rows->packet.key.tuple;
	if (track(skb))
		return TC_ACT_SHOT;
	cfg = bpf_map_lookup_elem(&config, &zero);
	if (cfg)
		cfg->renamed = 1;
	return TRACKED;
}

/* A new flow, in scratch, to an address that is a VIP: a verdict, or enum opened. */
__noinline int open_flow(struct __sk_buff *skb)
{
	struct scratch *rows = get_scratch();
	const struct config *cfg = get_config();
	const struct frontend *frontend;
	const struct service *service;
	const struct backend *backend;
	const column_t *column;
	__u32 service_id, backend_id;
	column_t now;

	if (!rows || !cfg)
		return TC_ACT_UNSPEC;
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
	__builtin_memset(&rows->row, 0, sizeof(rows->row));
	rows->row.service_id = service_id;
	rows->row.backend_id = backend_id;
	rows->row.tuple = rows->packet.key.tuple;
	rows->row.tuple.daddr = backend->addr;
	rows->row.tuple.dport = backend->port;
	if (ip_equal(&rows->packet.key.tuple.saddr, &backend->addr))
		rows->row.flags = CT_F_HAIRPIN;
	else if (backend->flags & BACKEND_F_LOCAL)
		rows->row.flags = CT_F_BRIDGE;
	if (track(skb))
		return TC_ACT_SHOT;
	count_connection(service_id, backend_id);
	return TRACKED;
}

/* A packet without a row: makes one where it needs one. A verdict, or TRACKED. */
static __always_inline int open(struct __sk_buff *skb, const struct packet *packet,
				const struct vip *vip)
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
	if (action != NO_FRONTEND)
		return action;
	if ((packet->key.proto == IPPROTO_TCP && !opens_connection(packet)) || !collides(packet))
		return TC_ACT_UNSPEC;
	rows->packet = *packet;
	return track_direct(skb, rows);
}

/* The first packet of a flow: what its row says is still at hand. */
static __always_inline int follow_new(struct __sk_buff *skb, const struct packet *packet)
{
	const struct scratch *rows = get_scratch();
	struct ct *row;

	if (!rows)
		return TC_ACT_SHOT;
	if (!(rows->row.flags & CT_F_BRIDGE))
		return rewrite(skb, packet, &rows->row.tuple) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
	row = bpf_map_lookup_elem(&conntrack, &packet->key); /* it is to learn a MAC, too */
	return row ? follow(skb, packet, row) : TC_ACT_SHOT;
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
	struct ct *row = NULL;
	int action;

	if (!cfg || !parse(skb, ETH_HLEN, HOOK_POD_IN, &packet))
		return TC_ACT_UNSPEC;
	vip = bpf_map_lookup_elem(&vips, &packet.key.tuple.daddr);
	if (is_icmp(&packet))
		return vip ? icmp(skb, &packet) : TC_ACT_UNSPEC;
	if (packet.fragment && !resolve_fragment(&packet))
		return TC_ACT_UNSPEC;
	/* A direct packet has a row only if some direct flow had to change its port. */
	if (vip || cfg->renamed)
		row = bpf_map_lookup_elem(&conntrack, &packet.key);
	if (row && !is_over(&packet, row))
		return follow(skb, &packet, row);
	if (row)
		bpf_map_delete_elem(&conntrack, &packet.key);
	else if (packet.key.proto == IPPROTO_TCP && !opens_connection(&packet) &&
		 !(vip && vip->flags & (VIP_F_CLUSTER_IP | VIP_F_EXTERNAL)))
		return TC_ACT_UNSPEC; /* midstream to a node or a pod: the bulk of what is not ours */
	action = open(skb, &packet, vip);
	return action == TRACKED ? follow_new(skb, &packet) : action;
}

SEC("tc")
int pod_out(struct __sk_buff *skb)
{
	struct packet packet = {};
	struct ct *row;

	if (!parse(skb, ETH_HLEN, HOOK_POD_OUT, &packet))
		return TC_ACT_UNSPEC;
	if (is_icmp(&packet))
		return icmp(skb, &packet);
	if (packet.fragment && !resolve_fragment(&packet))
		return TC_ACT_UNSPEC;
	row = bpf_map_lookup_elem(&conntrack, &packet.key);
	return row ? follow(skb, &packet, row) : TC_ACT_UNSPEC;
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

/*
 * Deletes rows not seen since the time beside their key; returns how many. Run by the agent through
 * BPF_PROG_TEST_RUN: in the kernel the last look and the delete lie nanoseconds apart, and what a
 * packet touched in between is put back (see refresh).
 */
SEC("tc")
int conntrack_gc(struct __sk_buff *skb)
{
	int deleted = 0;

	for (int i = 0; i < MAX_GC_KEYS; i++) {
		struct gc_request request;
		struct ct *row, copy;

		if (bpf_skb_load_bytes(skb, ETH_HLEN + i * sizeof(request), &request,
				       sizeof(request)))
			break;
		row = bpf_map_lookup_elem(&conntrack, &request.key);
		if (!row || row->last_seen_ns >= request.seen_before_ns)
			continue;
		__builtin_memcpy(&copy, row, sizeof(copy));
		bpf_map_delete_elem(&conntrack, &request.key);
		__sync_fetch_and_add(&row->looked_at, 1);
		deleted++;
		if (READ_ONCE(row->last_seen_ns) == copy.last_seen_ns)
			continue;
		copy.last_seen_ns = bpf_ktime_get_ns();
		bpf_map_update_elem(&conntrack, &request.key, &copy, BPF_NOEXIST);
		deleted--;
	}
	return deleted;
}
