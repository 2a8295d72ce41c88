/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/* Where packets of a flow go once they are rewritten, as the node's routes have it. */
#include "ct.h"

#define ADDRESS_FAMILY_V4 2
#define ADDRESS_FAMILY_V6 10

static __always_inline struct device get_device(struct __sk_buff *skb)
{
	struct device none = { .peer_nsid = NSID_UNKNOWN };
	__u32 ifindex = skb->ifindex;
	const struct device *known = bpf_map_lookup_elem(&devices, &ifindex);

	return known ? *known : none;
}

/* The route of a request to its backend, for a packet that came in by `ifindex`: BPF_FIB_LKUP_RET_*. */
static __always_inline long look_up_route(struct __sk_buff *skb, const struct flow *flow,
					  __u32 ifindex, struct bpf_fib_lookup *fib)
{
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->ifindex = ifindex;
	fib->l4_protocol = flow->proto;
	fib->sport = flow->forwarded.sport;
	fib->dport = flow->forwarded.dport;
	if (ip_is_v4(&flow->dialled.daddr)) {
		fib->family = ADDRESS_FAMILY_V4;
		fib->ipv4_src = flow->forwarded.saddr.word[3];
		fib->ipv4_dst = flow->forwarded.daddr.word[3];
	} else {
		fib->family = ADDRESS_FAMILY_V6;
		__builtin_memcpy(fib->ipv6_src, &flow->forwarded.saddr, sizeof(fib->ipv6_src));
		__builtin_memcpy(fib->ipv6_dst, &flow->forwarded.daddr, sizeof(fib->ipv6_dst));
	}
	return bpf_fib_lookup(skb, fib, sizeof(*fib), 0);
}

/*
 * Client and backend on one bridge: the answer will be switched, so the request must be too, or
 * netfilter sees half of the flow. Leaves the backend's MAC in the row once the node knows it.
 */
static __noinline void find_mac(struct __sk_buff *skb, struct flow *flow)
{
	struct device device = get_device(skb);
	struct bpf_fib_lookup fib;
	long found;

	if (!device.bridge_ifindex) {
		flow->flags &= ~FLOW_F_BRIDGE;
		return;
	}
	found = look_up_route(skb, flow, device.bridge_ifindex, &fib);
	if (found == BPF_FIB_LKUP_RET_NO_NEIGH)
		return; /* this packet is routed, and the node asks for the neighbour */
	if (found != BPF_FIB_LKUP_RET_SUCCESS || fib.ifindex != device.bridge_ifindex) {
		flow->flags &= ~FLOW_F_BRIDGE;
		return;
	}
	__builtin_memcpy(flow->mac, fib.dmac, sizeof(flow->mac));
}
