/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/* Addresses of either family in 16 bytes; IPv4 is ::ffff:a.b.c.d. */
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "abi.h"

#define IPV4_MAPPED bpf_htonl(0xffff)

static __always_inline struct ip ip_from_v4(__be32 addr)
{
	struct ip ip = { .word = { 0, 0, IPV4_MAPPED, addr } };

	return ip;
}

static __always_inline bool ip_is_v4(const struct ip *ip)
{
	return !ip->word[0] && !ip->word[1] && ip->word[2] == IPV4_MAPPED;
}

/* The address of a NodePort frontend, in the family of the address dialled. */
static __always_inline struct ip ip_unspecified(const struct ip *ip)
{
	struct ip any = { .word = { 0, 0, ip_is_v4(ip) ? IPV4_MAPPED : 0, 0 } };

	return any;
}

/* One branch for the verifier to follow, not four. */
static __always_inline bool ip_equal(const struct ip *a, const struct ip *b)
{
	return !((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]) |
		 (a->word[3] ^ b->word[3]));
}

static __always_inline bool ip_inside(const struct ip *ip, const struct cidr *cidr)
{
	__be32 differs = 0;

	for (int i = 0; i < 4; i++)
		differs |= (ip->word[i] & cidr->mask.word[i]) ^ cidr->addr.word[i];
	return !differs;
}
