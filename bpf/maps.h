/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * Every map: key -> value, writer, reader, what sizes it. Weak, so that each program file may
 * include this and bpftool links them into one object with one BTF. The agent pins them all.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi.h"

#define MAP(name, map_type, key_type, value_type, entries, map_flags_)                             \
	struct {                                                                                   \
		__uint(type, map_type);                                                            \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
		__uint(max_entries, entries);                                                      \
		__uint(map_flags, map_flags_);                                                     \
	} name __weak SEC(".maps")

/* address -> what it is to us. Agent writes, every program reads first. Addresses of frontends + node. */
MAP(vips, BPF_MAP_TYPE_HASH, struct ip, struct vip, MAX_VIPS, BPF_F_NO_PREALLOC);
/* what is dialled -> service and scope; immutable while it lives. Agent writes. Frontends. */
MAP(frontends, BPF_MAP_TYPE_HASH, struct frontend_key, struct frontend, MAX_FRONTENDS,
    BPF_F_NO_PREALLOC);
/* service id -> verdicts. Agent stores u64s through mmap. Service ports. */
MAP(services, BPF_MAP_TYPE_ARRAY, __u32, struct service, MAX_SERVICES, BPF_F_MMAPABLE);
/* place in a range -> backend. Agent through mmap, only in ranges no row points at. Endpoints of all sets. */
MAP(slots, BPF_MAP_TYPE_ARRAY, __u32, struct slot, MAX_SLOTS, BPF_F_MMAPABLE);
/* backend id -> address. Agent through mmap, before any slot names the id. Distinct endpoints. */
MAP(backends, BPF_MAP_TYPE_ARRAY, __u32, struct backend, MAX_BACKENDS, BPF_F_MMAPABLE);
/* (service, backend) -> sets it is in. Agent writes; affinity and UDP read. Endpoints of such services. */
MAP(members, BPF_MAP_TYPE_HASH, struct member_key, struct member, MAX_MEMBERS, BPF_F_NO_PREALLOC);
/* service id -> its name. Agent writes and reads; no program does. Service ports. */
MAP(service_names, BPF_MAP_TYPE_HASH, __u32, struct service_name, MAX_SERVICES, BPF_F_NO_PREALLOC);
/* (service, source prefix) -> allowed. Agent writes, pod edge reads. loadBalancerSourceRanges. */
MAP(source_ranges, BPF_MAP_TYPE_LPM_TRIE, struct source_range_key, struct source_range,
    MAX_SOURCE_RANGES, BPF_F_NO_PREALLOC);
/* ifindex -> role. Agent writes, tc programs read. Devices of pods and uplinks. */
MAP(devices, BPF_MAP_TYPE_HASH, __u32, struct device, MAX_DEVICES, BPF_F_NO_PREALLOC);
/* 0 -> settings. Agent through mmap; programs add the node's netns cookie and the renamed mark. */
MAP(config, BPF_MAP_TYPE_ARRAY, __u32, struct config, 1, BPF_F_MMAPABLE);
/* 0 -> who holds the node. Agent only. */
MAP(agent, BPF_MAP_TYPE_ARRAY, __u32, struct agent, 1, 0);
/* (service, client) -> backend. Programs write; socket hooks and pod edge read. Clients of ClientIP services. */
MAP(affinities, BPF_MAP_TYPE_LRU_HASH, struct affinity_key, struct affinity, MAX_AFFINITIES, 0);
/* (socket, frontend) -> backend of an unconnected UDP socket. sendmsg writes and reads. Sockets. */
MAP(sk_pins, BPF_MAP_TYPE_LRU_HASH, struct sk_pin_key, struct sk_pin, MAX_SOCKETS, 0);
/* cookie of a connected socket % SK_PEER_SETS -> its VIP. connect writes, recvmsg and getpeername read. Sockets. */
MAP(sk_peers, BPF_MAP_TYPE_ARRAY, __u32, struct sk_peer_set, SK_PEER_SETS, 0);
/* (socket, backend) -> VIP. sendmsg writes, recvmsg reads. Sockets. */
MAP(sk_revs, BPF_MAP_TYPE_LRU_HASH, struct sk_rev_key, struct sk_rev, MAX_SOCKETS, 0);
/* hash of a client -> where its flows are. Pod edge writes and reads. Flows from pods. */
MAP(flow_sets, BPF_MAP_TYPE_ARRAY, __u32, struct flow_set, FLOW_SETS, 0);
/* place -> flow. Pod edge writes and reads. Flows from pods. */
MAP(flows, BPF_MAP_TYPE_ARRAY, __u32, struct flow, MAX_FLOWS, 0);
/* 0 -> the place that is next; on a CPU: those it took. Pod edge. */
MAP(flow_cursor, BPF_MAP_TYPE_ARRAY, __u32, struct flow_cursor, 1, 0);
MAP(flow_batches, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct flow_batch, 1, 0);
/* hash of a packet -> its flow, where the set of its client does not tell. Pod edge writes and reads. */
MAP(steps, BPF_MAP_TYPE_ARRAY, __u32, struct step_set, STEP_SETS, 0);
/* fragmented datagram -> its ports. Pod edge. Datagrams in flight. */
MAP(frags, BPF_MAP_TYPE_LRU_HASH, struct frag_key, struct frag, MAX_FRAGS, 0);
/* client -> ICMP answers of this second. Pod edge and guard. Refused clients. */
MAP(icmp_budgets, BPF_MAP_TYPE_LRU_HASH, struct ip, struct icmp_budget, MAX_ICMP_CLIENTS, 0);
/* service id -> counters. Programs write, agent and dump read. As services. */
MAP(service_counters, BPF_MAP_TYPE_PERCPU_HASH, __u32, struct counters, MAX_SERVICES,
    BPF_F_NO_PREALLOC);
/* backend id -> counters. Programs write, agent and dump read. As backends. */
MAP(backend_counters, BPF_MAP_TYPE_PERCPU_HASH, __u32, struct counters, MAX_BACKENDS,
    BPF_F_NO_PREALLOC);
/* enum reason -> packets refused, dropped or left alone. Programs write. */
MAP(reasons, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, REASON_COUNT, 0);
