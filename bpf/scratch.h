/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * What the slow paths of the pod edge work on, per CPU: more than a program's stack holds. Their
 * functions are global, so that the verifier checks each once and not at every call; on Linux 5.10
 * such a function takes no pointers but the context.
 */
#include "maps.h"
#include "parse.h"

struct scratch {
	struct packet packet;
	struct packet quoted; /* by an ICMP error */
	struct tuple inner; /* what becomes of it */
	__u32 vip_flags; /* of its destination */
	__u32 now; /* seconds of CLOCK_MONOTONIC */
	struct flow flow; /* in the making */
	struct ct_key answer_key;
	struct ct_key hairpin_key;
};

/* 0 -> the packet in hand and rows in the making. tc programs only. */
MAP(scratch, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct scratch, 1, 0);

static __always_inline struct scratch *get_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}
