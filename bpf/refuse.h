/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/* Refusals: the packet is turned into its own answer and sent back to where it came from. */
#include <linux/pkt_cls.h>
#include "count.h"
#include "nat.h"
#include "scratch.h"

#define ANSWER_TTL 64
#define QUOTE_MAX                                                                                  \
	48 /* an IPv6 header, or IPv4 with 20 bytes of options, and the transport's start */
#define QUOTED_TRANSPORT 8

/* bpf_redirect flag: how the sender is reached from the hook */
enum answer_path {
	ANSWER_EGRESS = 0, /* a pod: out of the same device */
	ANSWER_INGRESS = 1, /* this node: into the stack, as if it came from the wire */
};

static __always_inline void swap_macs(struct __sk_buff *skb, __u32 l3)
{
	__u8 swapped[2 * ETH_ALEN];

	if (l3 != ETH_HLEN || bpf_skb_load_bytes(skb, 0, swapped + ETH_ALEN, ETH_ALEN) ||
	    bpf_skb_load_bytes(skb, ETH_ALEN, swapped, ETH_ALEN))
		return;
	bpf_skb_store_bytes(skb, 0, swapped, sizeof(swapped), 0);
}

/* Unfolded sum of the pseudo header; symmetric in the addresses. */
static __always_inline __u32 pseudo_sum(const struct tuple *tuple, bool v4, __u8 proto,
					__u16 length)
{
	__u64 sum = bpf_htons(proto) + bpf_htons(length);

	sum += (__u64)tuple->saddr.word[3] + tuple->daddr.word[3];
	if (!v4) {
		for (int i = 0; i < 3; i++)
			sum += (__u64)tuple->saddr.word[i] + tuple->daddr.word[i];
	}
	return fold(sum);
}

/* Turns the IP header around in place, with a new payload length; options and extensions stay. */
static __always_inline bool answer_ip(struct __sk_buff *skb, const struct packet *packet,
				      __u16 total)
{
	if (packet->v4) {
		struct iphdr header;
		__be32 saddr;
		__u32 diff;

		if (bpf_skb_load_bytes(skb, packet->l3, &header, sizeof(header)))
			return false;
		diff = bpf_htons(total) + (__u16)~header.tot_len;
		diff += bpf_htons(ANSWER_TTL << 8) + (__u16)~bpf_htons(header.ttl << 8);
		saddr = header.saddr;
		header.saddr = header.daddr;
		header.daddr = saddr;
		header.tot_len = bpf_htons(total);
		header.ttl = ANSWER_TTL;
		header.check = csum_add_diff(header.check, diff);
		return !bpf_skb_store_bytes(skb, packet->l3, &header, sizeof(header), 0);
	} else {
		struct ipv6hdr header;
		struct in6_addr saddr;

		if (bpf_skb_load_bytes(skb, packet->l3, &header, sizeof(header)))
			return false;
		saddr = header.saddr;
		header.saddr = header.daddr;
		header.daddr = saddr;
		header.payload_len = bpf_htons(total - sizeof(header));
		header.hop_limit = ANSWER_TTL;
		return !bpf_skb_store_bytes(skb, packet->l3, &header, sizeof(header), 0);
	}
}

/* Length of everything behind the IP header, extensions included. */
static __always_inline __u32 transport_length(struct __sk_buff *skb, const struct packet *packet)
{
	__be16 length;
	__u32 at = packet->l3 + (packet->v4 ? offsetof(struct iphdr, tot_len) :
					      offsetof(struct ipv6hdr, payload_len));
	__u32 start = packet->v4 ? packet->l3 : packet->l3 + sizeof(struct ipv6hdr);

	if (bpf_skb_load_bytes(skb, at, &length, sizeof(length)))
		return 0;
	return start + bpf_ntohs(length) - packet->l4;
}

/* RFC 9293 3.10.7.1. An ICMP answer instead would leave connect() hanging for a second over veth. */
static __always_inline int refuse_tcp(struct __sk_buff *skb, const struct packet *packet,
				      __u32 path)
{
	struct tcphdr tcp, rst = {};
	__u32 length = transport_length(skb, packet);
	__u32 pseudo;
	bool partial;

	if (packet->fragment != FRAGMENT_NONE || packet->tcp_flags & TCP_F_RST)
		return TC_ACT_SHOT;
	if (bpf_skb_load_bytes(skb, packet->l4, &tcp, sizeof(tcp)))
		return TC_ACT_SHOT;
	/* CHECKSUM_PARTIAL: the field holds the pseudo header's sum, and must go on doing so */
	pseudo = pseudo_sum(&packet->key.tuple, packet->v4, IPPROTO_TCP, length);
	partial = tcp.check == fold16(pseudo);

	rst.source = tcp.dest;
	rst.dest = tcp.source;
	rst.doff = sizeof(rst) / 4;
	rst.rst = 1;
	if (tcp.ack) {
		rst.seq = tcp.ack_seq;
	} else {
		rst.ack = 1;
		rst.ack_seq =
			bpf_htonl(bpf_ntohl(tcp.seq) + length - tcp.doff * 4 + tcp.syn + tcp.fin);
	}
	pseudo = pseudo_sum(&packet->key.tuple, packet->v4, IPPROTO_TCP, sizeof(rst));
	rst.check =
		partial ?
			fold16(pseudo) :
			(__sum16)~fold16(bpf_csum_diff(NULL, 0, (void *)&rst, sizeof(rst), pseudo));

	if (bpf_skb_change_tail(skb, packet->l4 + sizeof(rst), 0))
		return TC_ACT_SHOT;
	if (!answer_ip(skb, packet, packet->l4 + sizeof(rst) - packet->l3))
		return TC_ACT_SHOT;
	if (bpf_skb_store_bytes(skb, packet->l4, &rst, sizeof(rst), 0))
		return TC_ACT_SHOT;
	swap_macs(skb, packet->l3);
	return bpf_redirect(skb->ifindex, path);
}

/* False: this client has had its answers for this second. */
static __always_inline bool icmp_allowed(const struct ip *client)
{
	__u64 now = bpf_ktime_get_ns();
	struct icmp_budget *budget = bpf_map_lookup_elem(&icmp_budgets, client);

	if (!budget || now - budget->window_ns > NSEC_PER_SEC) {
		struct icmp_budget fresh = { .window_ns = now, .sent = 1 };

		bpf_map_update_elem(&icmp_budgets, client, &fresh, BPF_ANY);
		return true;
	}
	if (budget->sent >= ICMP_PER_SECOND)
		return false;
	budget->sent++;
	return true;
}

struct icmp_message {
	__u8 type;
	__u8 code;
	__sum16 check;
	__be32 unused;
	__u8 quote[QUOTE_MAX];
};

/* Port unreachable from the VIP, quoting the headers and the first bytes of the transport. */
static __always_inline int refuse_icmp(struct __sk_buff *skb, const struct packet *packet,
				       __u32 path)
{
	struct icmp_message message = {};
	/* 64 bit and opaque to the compiler: up to Linux 6.1 the verifier forgets the bounds of a copy */
	__u64 quoted = packet->l4 - packet->l3 + QUOTED_TRANSPORT;
	__u32 header = packet->v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	__u32 sum;
	__u64 size;

	if (packet->fragment == FRAGMENT_LATER)
		return TC_ACT_SHOT;
	if (!icmp_allowed(&packet->key.tuple.saddr)) {
		count_reason(REASON_ICMP_LIMIT);
		return TC_ACT_SHOT;
	}
	barrier_var(quoted);
	if (quoted < sizeof(struct iphdr) || quoted > QUOTE_MAX)
		return TC_ACT_SHOT;
	if (bpf_skb_load_bytes(skb, packet->l3, message.quote, quoted))
		return TC_ACT_SHOT;
	size = offsetof(struct icmp_message, quote) + quoted;
	barrier_var(size);
	if (size > sizeof(message))
		return TC_ACT_SHOT;
	message.type = packet->v4 ? ICMP_DEST_UNREACH : ICMPV6_DEST_UNREACH;
	message.code = packet->v4 ? ICMP_PORT_UNREACH : ICMPV6_PORT_UNREACH;
	sum = packet->v4 ? 0 : pseudo_sum(&packet->key.tuple, false, IPPROTO_ICMPV6, size);
	message.check = ~fold16(bpf_csum_diff(NULL, 0, (void *)&message, sizeof(message), sum));

	if (bpf_skb_change_tail(skb, packet->l3 + header + size, 0))
		return TC_ACT_SHOT;
	if (packet->v4) {
		struct iphdr ip = {
			.version = 4,
			.ihl = sizeof(ip) / 4,
			.tot_len = bpf_htons(sizeof(ip) + size),
			.ttl = ANSWER_TTL,
			.protocol = IPPROTO_ICMP,
			.saddr = packet->key.tuple.daddr.word[3],
			.daddr = packet->key.tuple.saddr.word[3],
		};

		ip.check = ~fold16(bpf_csum_diff(NULL, 0, (void *)&ip, sizeof(ip), 0));
		if (bpf_skb_store_bytes(skb, packet->l3, &ip, sizeof(ip), 0))
			return TC_ACT_SHOT;
	} else {
		struct ipv6hdr ip = {
			.version = 6,
			.payload_len = bpf_htons(size),
			.nexthdr = IPPROTO_ICMPV6,
			.hop_limit = ANSWER_TTL,
		};

		__builtin_memcpy(&ip.saddr, &packet->key.tuple.daddr, sizeof(ip.saddr));
		__builtin_memcpy(&ip.daddr, &packet->key.tuple.saddr, sizeof(ip.daddr));
		if (bpf_skb_store_bytes(skb, packet->l3, &ip, sizeof(ip), 0))
			return TC_ACT_SHOT;
	}
	if (bpf_skb_store_bytes(skb, packet->l3 + header, &message, size, 0))
		return TC_ACT_SHOT;
	swap_macs(skb, packet->l3);
	return bpf_redirect(skb->ifindex, path);
}

__noinline int refuse_scratch(struct __sk_buff *skb, __u32 path)
{
	const struct scratch *in_hand = get_scratch();

	if (!in_hand)
		return TC_ACT_SHOT;
	return in_hand->packet.key.proto == IPPROTO_TCP ? refuse_tcp(skb, &in_hand->packet, path) :
							  refuse_icmp(skb, &in_hand->packet, path);
}

/* What a decision about the packet in scratch comes to. */
static __always_inline int conclude(struct __sk_buff *skb, int outcome, __u32 path)
{
	return outcome == REFUSED ? refuse_scratch(skb, path) : outcome;
}
