/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/* Per-CPU counters; a row is made when something is first counted. */
#include <stdbool.h>
#include "maps.h"

static __always_inline void count_reason(__u32 reason)
{
	__u64 *count = bpf_map_lookup_elem(&reasons, &reason);

	if (count)
		(*count)++;
}

static __always_inline struct counters *get_counters(void *map, __u32 id)
{
	struct counters zero = {}, *row = bpf_map_lookup_elem(map, &id);

	if (row)
		return row;
	bpf_map_update_elem(map, &id, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, &id);
}

static __always_inline void count_connection(__u32 service_id, __u32 backend_id)
{
	struct counters *row = get_counters(&service_counters, service_id);

	if (row)
		row->connections++;
	row = get_counters(&backend_counters, backend_id);
	if (row)
		row->connections++;
}

static __always_inline void count_refusal(__u32 service_id, bool reject)
{
	struct counters *row = get_counters(&service_counters, service_id);

	if (!row)
		return;
	if (reject)
		row->rejects++;
	else
		row->drops++;
}
