/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * ICMP errors about our flows. The quoted packet once passed the other way, so what
 * its answers become at this hook also says what the quoted packet was before.
 */
#include <linux/pkt_cls.h>
#include "ct.h"
#include "nat.h"

#define ICMP_HEADER 8

static __always_inline bool is_icmp_error(struct __sk_buff *skb, const struct packet *packet)
{
	__u8 type;

	if (packet->fragment == FRAGMENT_LATER || bpf_skb_load_bytes(skb, packet->l4, &type, 1))
		return false;
	if (packet->key.proto == IPPROTO_ICMP)
		return type == ICMP_DEST_UNREACH || type == ICMP_TIME_EXCEEDED ||
		       type == ICMP_PARAMETERPROB;
	return packet->key.proto == IPPROTO_ICMPV6 && type < ICMPV6_INFOMSG_MASK;
}

static __always_inline bool parse_quoted(struct __sk_buff *skb, const struct packet *error,
					 struct packet *quoted)
{
	quoted->l3 = error->l4 + ICMP_HEADER;
	quoted->v4 = error->v4;
	if (error->v4 ? !parse_v4(skb, quoted) : !parse_v6(skb, quoted))
		return false;
	if (quoted->fragment == FRAGMENT_LATER)
		return false;
	if (!has_ports(quoted->key.proto))
		return false;
	return !bpf_skb_load_bytes(skb, quoted->l4, &quoted->key.tuple.sport, 4);
}

/*
 * Rewrites the quoted packet. Returns what that adds to the ICMP checksum through `diff`: of all
 * fields, the IPv4 header checksum included, which by itself cancels the addresses out.
 */
static __always_inline bool rewrite_quoted(struct __sk_buff *skb, const struct packet *quoted,
					   const struct tuple *new, __u32 *diff)
{
	__u32 addresses = addresses_diff(&quoted->key.tuple, new, quoted->v4);
	__u32 ports = ports_diff(&quoted->key.tuple, new);
	__u32 check = checksum_offset(quoted->key.proto);
	__sum16 old, updated;
	__u64 sum = ports;

	if (!quoted->v4)
		sum += addresses;
	if (!store_tuple(skb, quoted, new, addresses, false) ||
	    bpf_skb_store_bytes(skb, quoted->l4, &new->sport, 4, 0))
		return false;
	/* The quote may end before the transport's checksum; UDP may have none. */
	if (check && !bpf_skb_load_bytes(skb, quoted->l4 + check, &old, sizeof(old)) &&
	    (old || quoted->key.proto != IPPROTO_UDP)) {
		updated = csum_add_diff(old, fold((__u64)addresses + ports));
		if (bpf_skb_store_bytes(skb, quoted->l4 + check, &updated, sizeof(updated), 0))
			return false;
		sum += (__u64)updated + (__u16)~old;
	}
	*diff = fold(sum);
	return true;
}

/* The packet in scratch. TC_ACT_UNSPEC: nothing of ours was quoted. */
__noinline int translate_icmp_error(struct __sk_buff *skb)
{
	struct scratch *in_hand = get_scratch();
	const struct config *cfg = get_config();
	const struct packet *error;
	const struct flow *flow;
	struct tuple outer;
	struct ct_key *key;
	__u8 mac[ETH_ALEN];
	__u32 check, diff, step;
	bool to_bridge;

	if (!in_hand || !cfg)
		return TC_ACT_UNSPEC;
	error = &in_hand->packet;
	check = error->l4 + ICMP_CHECK_OFFSET;
	__builtin_memset(&in_hand->quoted, 0, sizeof(in_hand->quoted));
	if (!parse_quoted(skb, error, &in_hand->quoted))
		return TC_ACT_UNSPEC;
	key = &in_hand->met;
	key->tuple = reverse(&in_hand->quoted.key.tuple);
	key->proto = in_hand->quoted.key.proto;
	key->hook = error->key.hook;
	flow = find_flow(cfg, key, &step);
	if (!flow)
		return TC_ACT_UNSPEC;
	to_bridge = step == STEP_REQUEST && flow->flags & FLOW_F_BRIDGE && has_mac(flow);
	__builtin_memcpy(mac, flow->mac, sizeof(mac));
	in_hand->place = flow->place;
	in_hand->step = step;
	in_hand->becomes = becomes(cfg, flow, step);
	outer = error->key.tuple;
	outer.daddr = in_hand->becomes.daddr;
	/* A router in between speaks for itself, the peer in its other name. */
	if (ip_equal(&outer.saddr, &key->tuple.saddr))
		outer.saddr = in_hand->becomes.saddr;
	in_hand->becomes = reverse(&in_hand->becomes);

	if (!rewrite_quoted(skb, &in_hand->quoted, &in_hand->becomes, &diff) ||
	    bpf_l4_csum_replace(skb, check, 0, diff, 0))
		return TC_ACT_SHOT;
	diff = addresses_diff(&error->key.tuple, &outer, error->v4);
	if (!store_tuple(skb, error, &outer, diff, false))
		return TC_ACT_SHOT;
	if (!error->v4 && bpf_l4_csum_replace(skb, check, 0, diff, BPF_F_PSEUDO_HDR))
		return TC_ACT_SHOT;
	/* Switched like its flow, which netfilter never saw. */
	if (to_bridge)
		bpf_skb_store_bytes(skb, 0, mac, sizeof(mac), 0);
	return TRANSLATED;
}

/* An ICMP message: TC_ACT_UNSPEC if it is no error, or none of ours; else TRANSLATED or TC_ACT_SHOT. */
static __always_inline int icmp(struct __sk_buff *skb, const struct packet *packet)
{
	struct scratch *in_hand = get_scratch();

	if (!in_hand || !is_icmp_error(skb, packet))
		return TC_ACT_UNSPEC;
	in_hand->packet = *packet;
	return translate_icmp_error(skb);
}
