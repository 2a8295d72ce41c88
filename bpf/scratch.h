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
	__u32 vip_flags; /* of its destination */
	struct ct row; /* what it becomes */
	struct ct_key answer_key;
	struct ct answer;
	struct ct_key hairpin_key;
	struct ct hairpin;
};

/* 0 -> the packet in hand and rows in the making. tc programs only. */
MAP(scratch, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct scratch, 1, 0);

static __always_inline struct scratch *get_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}
