/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/* Later fragments carry no ports: the first one leaves them here. */
#include "maps.h"
#include "parse.h"

/* Keeps the ports of a first fragment, fills in those of a later one. False: its first was not seen. */
static __noinline bool resolve_fragment(struct packet *packet, __u8 hook)
{
	struct frag_key key = {
		.saddr = packet->tuple.saddr,
		.daddr = packet->tuple.daddr,
		.id = packet->fragment_id,
		.proto = packet->proto,
		.hook = hook,
	};
	const struct frag *ports;

	if (packet->fragment == FRAGMENT_FIRST) {
		struct frag first = { .sport = packet->tuple.sport, .dport = packet->tuple.dport };

		bpf_map_update_elem(&frags, &key, &first, BPF_ANY);
		return true;
	}
	ports = bpf_map_lookup_elem(&frags, &key);
	if (!ports)
		return false;
	packet->tuple.sport = ports->sport;
	packet->tuple.dport = ports->dport;
	return true;
}
