/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * From an skb to a packet. Plain headers are read in place; whatever is not plain (options, extensions,
 * fragments, headers outside of the linear part) is copied out.
 */
#include "scratch.h"

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV6_MORE_FRAGMENTS 0x1
#define IPV6_FRAGMENT_OFFSET 0xfff8
#define IPV6_MAX_EXTENSIONS 4

static __always_inline bool parse_v4(struct __sk_buff *skb, struct packet *packet)
{
	struct iphdr header;

	if (bpf_skb_load_bytes(skb, packet->l3, &header, sizeof(header)) || header.version != 4)
		return false;
	packet->key.tuple.saddr = ip_from_v4(header.saddr);
	packet->key.tuple.daddr = ip_from_v4(header.daddr);
	packet->key.proto = header.protocol;
	packet->ip_check = header.check;
	packet->l4 = packet->l3 + header.ihl * 4;
	if (header.frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) {
		packet->fragment_id = header.id;
		packet->fragment = header.frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET) ?
					   FRAGMENT_LATER :
					   FRAGMENT_FIRST;
	}
	return true;
}

struct ipv6_extension {
	__u8 next;
	__u8 length; /* in 8 bytes, the first 8 not counted */
	__be16 fragment_offset;
	__be32 fragment_id;
};

static __always_inline bool parse_v6(struct __sk_buff *skb, struct packet *packet)
{
	struct ipv6hdr header;
	struct ipv6_extension extension;

	if (bpf_skb_load_bytes(skb, packet->l3, &header, sizeof(header)) || header.version != 6)
		return false;
	__builtin_memcpy(&packet->key.tuple.saddr, &header.saddr, sizeof(struct ip));
	__builtin_memcpy(&packet->key.tuple.daddr, &header.daddr, sizeof(struct ip));
	packet->key.proto = header.nexthdr;
	packet->l4 = packet->l3 + sizeof(header);
#pragma unroll
	for (int i = 0; i < IPV6_MAX_EXTENSIONS; i++) {
		if (packet->key.proto != IPPROTO_HOPOPTS && packet->key.proto != IPPROTO_ROUTING &&
		    packet->key.proto != IPPROTO_DSTOPTS && packet->key.proto != IPPROTO_FRAGMENT)
			return true;
		if (bpf_skb_load_bytes(skb, packet->l4, &extension, sizeof(extension)))
			return false;
		if (packet->key.proto == IPPROTO_FRAGMENT) {
			packet->fragment_id = extension.fragment_id;
			packet->fragment = extension.fragment_offset &
							   bpf_htons(IPV6_FRAGMENT_OFFSET) ?
						   FRAGMENT_LATER :
						   FRAGMENT_FIRST;
			packet->l4 += sizeof(extension);
		} else {
			packet->l4 += (extension.length + 1) * 8;
		}
		packet->key.proto = extension.next;
	}
	return true;
}

static __always_inline bool parse_any(struct __sk_buff *skb, struct packet *packet)
{
	if (packet->v4 ? !parse_v4(skb, packet) : !parse_v6(skb, packet))
		return false;
	if (packet->key.proto == IPPROTO_ICMP || packet->key.proto == IPPROTO_ICMPV6)
		return true;
	if (!has_ports(packet->key.proto))
		return false;
	if (packet->fragment == FRAGMENT_LATER)
		return true;
	if (packet->key.proto == IPPROTO_TCP &&
	    bpf_skb_load_bytes(skb, packet->l4 + TCP_FLAGS_OFFSET, &packet->tcp_flags, 1))
		return false;
	/* sport and dport lie side by side in the header and in the tuple */
	return !bpf_skb_load_bytes(skb, packet->l4, &packet->key.tuple.sport, 4);
}

/* The ports, and TCP's flags, at `transport`; false: not all of them lie before `end`. */
static __always_inline bool read_transport(const void *transport, const void *end,
					   struct packet *packet)
{
	const struct udphdr *ports = transport;

	if (packet->key.proto == IPPROTO_TCP) {
		if (transport + TCP_FLAGS_OFFSET + 1 > end)
			return false;
		packet->tcp_flags = *(const __u8 *)(transport + TCP_FLAGS_OFFSET);
	} else if (packet->key.proto != IPPROTO_UDP || (const void *)(ports + 1) > end) {
		return false;
	}
	packet->key.tuple.sport = ports->source;
	packet->key.tuple.dport = ports->dest;
	return true;
}

static __always_inline bool read_v4(const void *header, const void *end, struct packet *packet)
{
	const struct iphdr *ip = header;

	if ((const void *)(ip + 1) > end || ip->version != 4 || ip->ihl != sizeof(*ip) / 4 ||
	    ip->frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET))
		return false;
	packet->key.tuple.saddr = ip_from_v4(ip->saddr);
	packet->key.tuple.daddr = ip_from_v4(ip->daddr);
	packet->key.proto = ip->protocol;
	packet->ip_check = ip->check;
	packet->l4 = packet->l3 + sizeof(*ip);
	return read_transport(ip + 1, end, packet);
}

static __always_inline bool read_v6(const void *header, const void *end, struct packet *packet)
{
	const struct ipv6hdr *ip = header;

	if ((const void *)(ip + 1) > end || ip->version != 6)
		return false;
	__builtin_memcpy(&packet->key.tuple.saddr, &ip->saddr, sizeof(struct ip));
	__builtin_memcpy(&packet->key.tuple.daddr, &ip->daddr, sizeof(struct ip));
	packet->key.proto = ip->nexthdr;
	packet->l4 = packet->l3 + sizeof(*ip);
	return read_transport(ip + 1, end, packet);
}

/* Not plain: into scratch, by a function that the verifier walks apart from what follows; 0: not for us. */
__noinline int parse_copies(struct __sk_buff *skb, __u32 l3)
{
	struct scratch *in_hand = get_scratch();

	if (!in_hand)
		return 0;
	__builtin_memset(&in_hand->packet, 0, sizeof(in_hand->packet));
	in_hand->packet.l3 = l3;
	in_hand->packet.v4 = skb->protocol == bpf_htons(ETH_P_IP);
	return parse_any(skb, &in_hand->packet);
}

/*
 * Fills the packet up to the ports. False: not IP, truncated, or a transport we know nothing of,
 * so the packet is none of our business.
 */
static __always_inline bool parse(struct __sk_buff *skb, __u32 l3, enum hook hook,
				  struct packet *packet)
{
	const void *header = (const void *)(long)skb->data + l3;
	const void *end = (const void *)(long)skb->data_end;
	const struct scratch *in_hand;
	bool plain;

	if (skb->protocol != bpf_htons(ETH_P_IP) && skb->protocol != bpf_htons(ETH_P_IPV6))
		return false;
	packet->l3 = l3;
	packet->v4 = skb->protocol == bpf_htons(ETH_P_IP);
	plain = packet->v4 ? read_v4(header, end, packet) : read_v6(header, end, packet);
	if (!plain) {
		in_hand = get_scratch();
		if (!in_hand || !parse_copies(skb, l3))
			return false;
		*packet = in_hand->packet;
	}
	packet->key.hook = hook;
	return true;
}
