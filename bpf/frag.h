/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/* Later fragments carry no ports: the first one leaves them here. */
#include "maps.h"
#include "parse.h"

/* Keeps the ports of a first fragment, fills in those of a later one. False: its first was not seen. */
static __noinline bool resolve_fragment(struct packet *packet)
{
	struct frag_key key = {
		.saddr = packet->key.tuple.saddr,
		.daddr = packet->key.tuple.daddr,
		.id = packet->fragment_id,
		.proto = packet->key.proto,
		.hook = packet->key.hook,
	};
	const struct frag *ports;

	if (packet->fragment == FRAGMENT_FIRST) {
		struct frag first = { .sport = packet->key.tuple.sport,
				      .dport = packet->key.tuple.dport };

		bpf_map_update_elem(&frags, &key, &first, BPF_ANY);
		return true;
	}
	ports = bpf_map_lookup_elem(&frags, &key);
	if (!ports)
		return false;
	packet->key.tuple.sport = ports->sport;
	packet->key.tuple.dport = ports->dport;
	return true;
}
