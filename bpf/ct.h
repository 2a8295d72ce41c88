/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * Conntrack of the pod edge. A flow is a pair of rows: the one seen from the pod and the one seen to
 * the pod, each saying what its packets become. Either row can restore the other, see struct ct.
 */
#include "lb.h"
#include "parse.h"
#include "scratch.h"

#define REFRESH_NS NSEC_PER_SEC
/* Between two looks at the clock, which cost what a look-up costs: a quarter of a second at most. */
#define LOOK_JIFFIES 25
#define PORT_ATTEMPTS 8
#define PORT_FLOOR 1024
#define NSID_UNKNOWN 0xffffffff
#define NSID_CURRENT 0xfffffffe /* any other negative s32 means the caller's to the kernel */

static __always_inline struct tuple reverse(const struct tuple *tuple)
{
	struct tuple reversed = {
		.saddr = tuple->daddr,
		.daddr = tuple->saddr,
		.sport = tuple->dport,
		.dport = tuple->sport,
	};

	return reversed;
}

static __always_inline bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
	return a->sport == b->sport && a->dport == b->dport && ip_equal(&a->saddr, &b->saddr) &&
	       ip_equal(&a->daddr, &b->daddr);
}

static __always_inline struct ct_key peer_key(const struct ct_key *key, const struct ct *row)
{
	struct ct_key peer = {
		.tuple = reverse(&row->tuple),
		.proto = key->proto,
		.hook = !key->hook,
	};

	return peer;
}

static __always_inline bool has_mac(const struct ct *row)
{
	return row->mac[0] | row->mac[1] | row->mac[2] | row->mac[3] | row->mac[4] | row->mac[5];
}

static __always_inline void note_tcp(struct ct *row, const struct packet *packet)
{
	__u8 seen = row->tcp;

	if (packet->key.proto != IPPROTO_TCP)
		return;
	if (packet->tcp_flags & TCP_F_SYN)
		seen |= CT_TCP_SYN;
	else
		seen |= CT_TCP_ESTABLISHED;
	if (packet->tcp_flags & TCP_F_FIN)
		seen |= CT_TCP_FIN;
	if (packet->tcp_flags & TCP_F_RST)
		seen |= CT_TCP_RST;
	if (seen != row->tcp)
		row->tcp = seen;
}

/*
 * At most once a second: both rows age together and a lost half comes back. The locked add orders
 * the store of last_seen before the second look-up; gc deletes first and reads last_seen after, so
 * one of the two always notices the other and the row survives.
 */
static __noinline void revive(const struct ct_key *key, struct ct *row, __u64 now)
{
	struct ct_key other = peer_key(key, row);
	struct ct copy, *peer;

	row->last_seen_ns = now;
	__sync_fetch_and_add(&row->looked_at, 1);
	__builtin_memcpy(&copy, row, sizeof(copy));
	if (!bpf_map_lookup_elem(&conntrack, key))
		bpf_map_update_elem(&conntrack, key, &copy, BPF_NOEXIST);
	peer = bpf_map_lookup_elem(&conntrack, &other);
	if (peer) {
		peer->last_seen_ns = now;
		return;
	}
	copy.tuple = reverse(&key->tuple);
	copy.flags &= ~CT_F_BRIDGE;
	__builtin_memset(copy.mac, 0, sizeof(copy.mac));
	bpf_map_update_elem(&conntrack, &other, &copy, BPF_NOEXIST);
}

static __always_inline bool refresh(const struct ct_key *key, struct ct *row)
{
	__u32 jiffies = bpf_jiffies64();
	__u64 now;

	if (jiffies - row->looked_at < LOOK_JIFFIES)
		return false;
	row->looked_at = jiffies;
	now = bpf_ktime_get_ns();
	if (now - row->last_seen_ns < REFRESH_NS)
		return false;
	revive(key, row, now);
	return true;
}

/* Both sides said goodbye, or one hung up. */
static __always_inline bool is_closed(const struct ct_key *key, const struct ct *row)
{
	struct ct_key other = peer_key(key, row);
	const struct ct *peer = bpf_map_lookup_elem(&conntrack, &other);
	__u8 peer_tcp = peer ? peer->tcp : row->tcp;

	return ((row->tcp | peer_tcp) & CT_TCP_RST) || (row->tcp & peer_tcp & CT_TCP_FIN);
}

static __always_inline bool was_answered(const struct ct_key *key, const struct ct *row)
{
	struct ct_key other = peer_key(key, row);
	const struct ct *peer = bpf_map_lookup_elem(&conntrack, &other);

	return peer && peer->tcp;
}

/* Does a socket own this tuple (as an arriving packet has it) in that network namespace? */
static __always_inline bool socket_exists(struct __sk_buff *skb, const struct tuple *arriving,
					  __u8 proto, __u64 nsid)
{
	struct bpf_sock_tuple query = {};
	struct bpf_sock *sk;
	__u32 size;
	bool exists;

	if (proto == SCTP_PROTO)
		return false;
	if (ip_is_v4(&arriving->saddr)) {
		query.ipv4.saddr = arriving->saddr.word[3];
		query.ipv4.daddr = arriving->daddr.word[3];
		query.ipv4.sport = arriving->sport;
		query.ipv4.dport = arriving->dport;
		size = sizeof(query.ipv4);
	} else {
		__builtin_memcpy(query.ipv6.saddr, &arriving->saddr, sizeof(struct ip));
		__builtin_memcpy(query.ipv6.daddr, &arriving->daddr, sizeof(struct ip));
		query.ipv6.sport = arriving->sport;
		query.ipv6.dport = arriving->dport;
		size = sizeof(query.ipv6);
	}
	if (proto == IPPROTO_TCP) {
		sk = bpf_skc_lookup_tcp(skb, &query, size, nsid, 0);
		if (!sk)
			return false;
		exists = sk->state != BPF_TCP_LISTEN;
	} else {
		sk = bpf_sk_lookup_udp(skb, &query, size, nsid, 0);
		if (!sk)
			return false;
		/* only a connected socket owns the tuple */
		exists = ip_is_v4(&arriving->saddr) ? sk->dst_ip4 == arriving->saddr.word[3] :
						      sk->dst_ip6[3] == arriving->saddr.word[3];
	}
	bpf_sk_release(sk);
	return exists;
}

static __always_inline __be16 random_port(void)
{
	return bpf_htons(PORT_FLOOR + bpf_get_prandom_u32() % (65536 - PORT_FLOOR));
}

/*
 * Takes the key of the row by which answers come back, in `key->tuple.dport` the port that they are
 * sent to: where another flow or a socket in `nsid` owns that tuple, another port. `row` says what
 * the answers become.
 */
static __always_inline int reserve(struct __sk_buff *skb, struct ct_key *key, struct ct *row,
				   __u32 nsid)
{
	for (int attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
		struct ct *existing;

		if (nsid == NSID_UNKNOWN || !socket_exists(skb, &key->tuple, key->proto, nsid)) {
			if (!bpf_map_update_elem(&conntrack, key, row, BPF_NOEXIST))
				return 0;
			existing = bpf_map_lookup_elem(&conntrack, key);
			if (!existing || tuple_equal(&existing->tuple, &row->tuple) ||
			    (key->proto == IPPROTO_TCP && is_closed(key, existing)))
				return bpf_map_update_elem(&conntrack, key, row, BPF_ANY);
		}
		if (!attempt)
			count_reason(REASON_COLLISION);
		if (key->proto == SCTP_PROTO)
			break; /* its checksum covers the ports */
		key->tuple.dport = random_port();
	}
	count_reason(REASON_CT_FULL);
	return -1;
}

__noinline int reserve_answer(struct __sk_buff *skb, __u32 nsid)
{
	struct scratch *rows = get_scratch();

	return rows ? reserve(skb, &rows->answer_key, &rows->answer, nsid) : -1;
}

__noinline int reserve_hairpin(struct __sk_buff *skb)
{
	struct scratch *rows = get_scratch();

	return rows ? reserve(skb, &rows->hairpin_key, &rows->hairpin, NSID_CURRENT) : -1;
}
