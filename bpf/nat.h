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

static __always_inline __u32 addresses_diff(const struct tuple *old, const struct tuple *new,
					    bool v4)
{
	if (v4)
		return fold((__u64) new->saddr.word[3] + (__u32)~old->saddr.word[3] +
			    new->daddr.word[3] + (__u32)~old->daddr.word[3]);
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

/* What NAT changes of IPv4, as it lies in a packet without options. struct tuple is that of IPv6. */
struct ipv4_tuple {
	__sum16 check;
	__be16 saddr[2];
	__be16 daddr[2];
	__be16 sport;
	__be16 dport;
} __attribute__((packed));

#define PORTS_SIZE 4

/*
 * Writes both addresses into the IP header, and the ports too where `ports_follow` it; `diff` is what
 * the addresses add to a checksum.
 */
static __always_inline bool store_tuple(struct __sk_buff *skb, const struct packet *packet,
					const struct tuple *new, __u32 diff, bool ports_follow)
{
	struct ipv4_tuple v4;

	if (!packet->v4)
		return !bpf_skb_store_bytes(skb, packet->l3 + offsetof(struct ipv6hdr, saddr), new,
					    sizeof(*new) - (ports_follow ? 0 : PORTS_SIZE), 0);
	v4.check = csum_add_diff(packet->ip_check, diff);
	__builtin_memcpy(v4.saddr, &new->saddr.word[3], 4);
	__builtin_memcpy(v4.daddr, &new->daddr.word[3], 4);
	v4.sport = new->sport;
	v4.dport = new->dport;
	return !bpf_skb_store_bytes(skb, packet->l3 + offsetof(struct iphdr, check), &v4,
				    sizeof(v4) - (ports_follow ? 0 : PORTS_SIZE), 0);
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
	__u32 addresses = addresses_diff(&packet->key.tuple, new, packet->v4);
	__u32 check = checksum_offset(packet->key.proto);
	__u64 flags = packet->key.proto == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	__u32 header = packet->v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	bool ports_follow = packet->l4 == packet->l3 + header && !packet->fragment;

	if (!store_tuple(skb, packet, new, addresses, ports_follow))
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
	return ports_follow || !bpf_skb_store_bytes(skb, packet->l4, &new->sport, PORTS_SIZE, 0);
}
