/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * What the slow paths of the pod edge work on, per CPU: more than a program's stack holds. Their
 * functions are global, so that the verifier checks each once and not at every call; on Linux 5.10
 * such a function takes no pointers but the context.
 */
#include "maps.h"
#include "packet.h"

/* Whose client edge a packet is met at. */
enum edge {
	EDGE_NONE = 0, /* at an uplink, from neither: nothing for a VIP may go on */
	EDGE_POD = 1,
	EDGE_NODE = 2,
};

/* What has no verdict yet: values that no TC_ACT_* has. */
enum outcome {
	NO_FRONTEND = -2, /* nobody serves this port here */
	FORWARDED = -3, /* the flow in scratch says where to; the packet is still as it came */
	TRANSLATED =
		-4, /* the ICMP error is as its receiver is to see it; its flow is in scratch */
	NOT_OURS = -5,
	REFUSED = -6, /* its sender is still to be told */
};

struct scratch {
	struct packet packet;
	struct packet quoted; /* by an ICMP error */
	struct tuple becomes; /* what becomes of a packet */
	__u32 place; /* of its flow */
	__u32 step; /* enum step, of the packets that run its way */
	__u32 vip_flags; /* of its destination; 0: no VIP */
	__u32 edge; /* enum edge */
	__u32 now; /* seconds of CLOCK_MONOTONIC */
	struct flow flow; /* in the making */
	struct ct_key met; /* where packets of a flow are, or will be, met */
	__u32 nsid; /* of the sockets that may own what comes there */
};

/* 0 -> the packet in hand and rows in the making. tc programs only. */
MAP(scratch, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct scratch, 1, 0);

static __always_inline struct scratch *get_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/* For the functions that take the packet from there; `hook`: as what it is to be looked for. */
static __always_inline void put_packet(const struct packet *packet, enum hook hook,
				       const struct vip *vip, enum edge edge)
{
	struct scratch *in_hand = get_scratch();

	if (!in_hand)
		return;
	in_hand->packet = *packet;
	in_hand->packet.key.hook = hook;
	in_hand->vip_flags = vip ? vip->flags : 0;
	in_hand->edge = edge;
}
