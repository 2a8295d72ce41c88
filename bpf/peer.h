/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * What connected sockets dialled. An array of small sets, since every connect() of a new socket writes
 * here: an insert into an LRU map costs it more than all the rest, socket storage nearly as much.
 * Cookies count up, so the sets are filled in turn and a row is lost only to MAX_SOCKETS newer sockets.
 */
#include "ip.h"
#include "maps.h"

static __always_inline struct sk_peer_set *get_peer_set(__u64 cookie)
{
	__u32 index = cookie % SK_PEER_SETS;

	return bpf_map_lookup_elem(&sk_peers, &index);
}

/* In the place of the socket's former peer, else of the oldest socket. */
static __always_inline void remember_peer(const struct sk_peer *fresh)
{
	struct sk_peer_set *set = get_peer_set(fresh->cookie);
	struct sk_peer *place;

	if (!set)
		return;
	bpf_spin_lock(&set->lock);
	place = &set->peers[0];
#pragma unroll
	for (int i = 1; i < SK_PEER_WAYS; i++) {
		if (place->cookie != fresh->cookie &&
		    (set->peers[i].cookie == fresh->cookie || set->peers[i].cookie < place->cookie))
			place = &set->peers[i];
	}
	*place = *fresh;
	bpf_spin_unlock(&set->lock);
}

static __always_inline const struct sk_peer *get_peer(__u64 cookie)
{
	const struct sk_peer_set *set = get_peer_set(cookie);

	if (!set)
		return NULL;
#pragma unroll
	for (int i = 0; i < SK_PEER_WAYS; i++) {
		if (set->peers[i].cookie == cookie)
			return &set->peers[i];
	}
	return NULL;
}
