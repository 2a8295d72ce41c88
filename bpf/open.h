/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/* The first packet of a flow: its verdict, and the row of what it becomes. */
#include <linux/pkt_cls.h>
#include "ct.h"
#include "route.h"

static __always_inline bool is_own_address(const struct ip *address)
{
	const struct vip *own = bpf_map_lookup_elem(&vips, address);

	return own && own->flags & VIP_F_NODE_IP;
}

static __always_inline enum client classify(const struct config *cfg, const struct ip *source)
{
	if (cfg->flags & CONFIG_F_DETECTOR) {
#pragma unroll
		for (int i = 0; i < 8; i++) {
			if (ip_inside(source, &cfg->local_cidrs[i]))
				return CLIENT_POD;
		}
	}
	return is_own_address(source) ? CLIENT_NODE : CLIENT_OTHER;
}

/* The network namespace whose sockets may own what a flow's answers are addressed to. */
static __always_inline __u32 client_nsid(struct __sk_buff *skb, const struct flow *flow)
{
	if (!(flow->flags & FLOW_F_NODE))
		return get_device(skb).peer_nsid;
	return flow->flags & FLOW_F_SELF ? NSID_UNKNOWN : NSID_CURRENT;
}

/* Makes the flow in scratch, whose `forwarded` is the packet as the backend is to see it. 0: done. */
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
	rows->flow.tcp[HOOK_FROM_CLIENT] = tcp_seen(&rows->packet);
	rows->met.tuple = reverse(&rows->flow.forwarded);
	rows->met.proto = rows->flow.proto;
	rows->met.hook = HOOK_TO_CLIENT;
	rows->nsid = client_nsid(skb, &rows->flow);
	if (reserve(skb, rows))
		return -1;
	rows->flow.forwarded.sport = rows->met.tuple.dport;
	if (rows->flow.forwarded.sport != rows->flow.dialled.sport)
		rows->flow.flags |= FLOW_F_RENAMED;
	if (rows->flow.flags & FLOW_F_HAIRPIN) {
		struct tuple hairpin;

		rows->flow.hairpin_port = rows->flow.forwarded.sport;
		hairpin = masked(cfg, &rows->flow);
		rows->met.tuple = reverse(&hairpin);
		rows->met.hook = HOOK_FROM_CLIENT;
		rows->nsid = NSID_CURRENT;
		if (reserve(skb, rows))
			return -1;
		rows->flow.hairpin_port = rows->met.tuple.dport;
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
	if (flow->tcp[HOOK_TO_CLIENT])
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
		.hook = HOOK_TO_CLIENT,
	};
	__u32 step;
	struct flow *flow = find_flow(cfg, &answer, &step);

	return flow && !yields(cfg, flow, seconds());
}

/*
 * The flow in scratch has this node for its client. If its backend is the node as well, it must see a
 * client that is answered by the way of the uplink, and whose packets may come from there: the VIP.
 */
static __always_inline void open_from_node(struct scratch *rows)
{
	__u32 zero = 0;
	struct config *cfg = bpf_map_lookup_elem(&config, &zero);

	rows->flow.flags = FLOW_F_NODE;
	if (is_own_address(&rows->flow.forwarded.daddr)) {
		rows->flow.flags |= FLOW_F_SELF | FLOW_F_RENAMED;
		rows->flow.forwarded.saddr = rows->packet.key.tuple.daddr;
	}
	if (cfg)
		cfg->node_flows = 1;
}

/* The end of a program decides how. */
static __always_inline int refuse(__u32 reason)
{
	count_reason(reason);
	return REFUSED;
}

/* A new flow, in scratch, to an address that is a VIP: a verdict, or enum outcome. */
__noinline int open_flow(void)
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
		return rows->vip_flags & VIP_F_CLUSTER_IP ? refuse(REASON_UNKNOWN_PORT) :
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
		return refuse(REASON_REJECT);
	}
	if (column_verdict(now) == VERDICT_DROP) {
		count_refusal(service_id, false);
		count_reason(REASON_DROP);
		return TC_ACT_SHOT;
	}
	if (column_verdict(now) != VERDICT_FORWARD)
		return TC_ACT_UNSPEC;
	if (rows->edge == EDGE_NONE)
		return cfg->flags & CONFIG_F_COEXIST ? TC_ACT_UNSPEC : refuse(REASON_LEFT_NODE);
	/* the node's own source is a node address anyway */
	if (column_flags(now) & COLUMN_F_MASQUERADE && rows->edge == EDGE_POD) {
		count_reason(REASON_NEEDS_MASQUERADE);
		return TC_ACT_UNSPEC;
	}
	if (rows->packet.key.proto == IPPROTO_TCP && !opens_connection(&rows->packet)) {
		if (cfg->flags & CONFIG_F_COEXIST)
			return TC_ACT_UNSPEC;
		return refuse(REASON_NO_FLOW);
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
	if (rows->edge == EDGE_NODE)
		open_from_node(rows);
	else if (ip_equal(&rows->packet.key.tuple.saddr, &backend->addr))
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
	rows->flow.flags = FLOW_F_DIRECT | (rows->edge == EDGE_NODE ? FLOW_F_NODE : 0);
	rows->flow.forwarded = rows->packet.key.tuple;
	if (cfg)
		cfg->renamed = 1;
}

/* The packet in scratch has no flow: makes one where it needs one. A verdict, or FORWARDED and the flow. */
static __always_inline int open(struct __sk_buff *skb, struct scratch *rows, struct flow **flow)
{
	const struct config *cfg = get_config();
	int action = rows->vip_flags ? open_flow() : NO_FRONTEND;

	if (!cfg)
		return TC_ACT_UNSPEC;
	if (action == NO_FRONTEND) {
		if (rows->edge == EDGE_NONE ||
		    (rows->packet.key.proto == IPPROTO_TCP && !opens_connection(&rows->packet)) ||
		    !collides(cfg, &rows->packet))
			return TC_ACT_UNSPEC;
		rename_direct(rows);
		action = FORWARDED;
	}
	if (action != FORWARDED)
		return action;
	if (track(skb))
		return TC_ACT_SHOT;
	if (rows->flow.service_id)
		count_connection(rows->flow.service_id, rows->flow.backend_id);
	*flow = get_flow(rows->flow.place);
	return *flow ? FORWARDED : TC_ACT_SHOT;
}
