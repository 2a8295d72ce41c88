/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * Rewrite a packet's addresses and ports to those of a tuple. Checksums are adjusted by what
 * changed, never computed anew: packets of pods are mostly CHECKSUM_PARTIAL, where the field holds
 * the pseudo header alone, and GSO packets stand for many.
 */
#include "parse.h"

static __always_inline __u32 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return sum;
}

static __always_inline __sum16 fold16(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* new - old, as a 32 bit one's complement sum, of one address */
static __always_inline __u64 ip_diff(const struct ip *old, const struct ip *new)
{
	__u64 sum = 0;

	for (int i = 0; i < 4; i++)
		sum += (__u64) new->word[i] + (__u32)~old->word[i];
	return sum;
}

static __always_inline __u32 addresses_diff(const struct tuple *old, const struct tuple *new)
{
	return fold(ip_diff(&old->saddr, &new->saddr) + ip_diff(&old->daddr, &new->daddr));
}

static __always_inline __u32 ports_diff(const struct tuple *old, const struct tuple *new)
{
	return fold((__u64) new->sport + (__u16)~old->sport + new->dport + (__u16)~old->dport);
}

static __always_inline __sum16 csum_add_diff(__sum16 csum, __u32 diff)
{
	return ~fold16(fold((__u64)(__u16)~csum + diff));
}

/* The end of an IPv4 header: what NAT changes of it. */
struct ipv4_tail {
	__sum16 check;
	__be16 saddr[2];
	__be16 daddr[2];
} __attribute__((packed));

static __always_inline void ipv4_tail_set(struct ipv4_tail *tail, const struct tuple *new,
					  __u32 diff)
{
	tail->check = csum_add_diff(tail->check, diff);
	__builtin_memcpy(tail->saddr, &new->saddr.word[3], 4);
	__builtin_memcpy(tail->daddr, &new->daddr.word[3], 4);
}

/* Writes both addresses into the IP header at `l3`; `diff` is what that adds to a checksum. */
static __always_inline bool store_addresses(struct __sk_buff *skb, __u32 l3, bool v4,
					    const struct tuple *new, __u32 diff)
{
	struct ipv4_tail tail;
	__u32 at = l3 + offsetof(struct iphdr, check);

	if (!v4)
		return !bpf_skb_store_bytes(skb, l3 + offsetof(struct ipv6hdr, saddr), new,
					    2 * sizeof(struct ip), 0);
	if (bpf_skb_load_bytes(skb, at, &tail, sizeof(tail)))
		return false;
	ipv4_tail_set(&tail, new, diff);
	return !bpf_skb_store_bytes(skb, at, &tail, sizeof(tail), 0);
}

/* Where the transport checksum lies; 0: none that NAT touches (SCTP covers no addresses). */
static __always_inline __u32 checksum_offset(__u8 proto)
{
	if (proto == IPPROTO_TCP)
		return offsetof(struct tcphdr, check);
	if (proto == IPPROTO_UDP)
		return offsetof(struct udphdr, check);
	return 0;
}

/* False: the packet can't be written to; it must not go on half rewritten. */
static __always_inline bool rewrite(struct __sk_buff *skb, const struct packet *packet,
				    const struct tuple *new)
{
	__u32 addresses = addresses_diff(&packet->key.tuple, new);
	__u32 check = checksum_offset(packet->key.proto);
	__u64 flags = packet->key.proto == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;

	if (!store_addresses(skb, packet->l3, packet->v4, new, addresses))
		return false;
	if (packet->fragment == FRAGMENT_LATER)
		return true;
	if (check &&
	    bpf_l4_csum_replace(skb, packet->l4 + check, 0, addresses, flags | BPF_F_PSEUDO_HDR))
		return false;
	if (new->sport == packet->key.tuple.sport &&new->dport == packet->key.tuple.dport)
		return true;
	if (check && bpf_l4_csum_replace(skb, packet->l4 + check, 0,
					 ports_diff(&packet->key.tuple, new), flags))
		return false;
	return !bpf_skb_store_bytes(skb, packet->l4, &new->sport, 4, 0);
}
