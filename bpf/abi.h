/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * Every struct, enum and limit that crosses kernel <-> user. src/abi/generated.ts is made from the
 * BTF of this file; the layout hash covers names, offsets, sizes and enum values.
 *
 * Rules: fixed-width types, explicit padding, __be16 for wire order, addresses always 16 bytes
 * (IPv4 as ::ffff:a.b.c.d), keys zeroed as a whole before they are filled.
 */
#include <linux/bpf.h>
#include <linux/types.h>

/* An address of either family; IPv4 is mapped. */
struct ip {
	__be32 word[4];
};

/* What a client dials. A NodePort has the unspecified address of its family (:: or ::ffff:0.0.0.0). */
struct frontend_key {
	struct ip addr;
	__be16 port;
	__u8 proto; /* IPPROTO_* */
	__u8 pad;
};

enum scope {
	SCOPE_INTERNAL = 0, /* ClusterIP */
	SCOPE_EXTERNAL = 1, /* NodePort, external IP */
	SCOPE_LOAD_BALANCER = 2, /* LB VIP: external, and source ranges apply */
};

struct frontend {
	__u32 service_id;
	__u8 scope; /* enum scope */
	__u8 pad[3];
};

/* Who dials: the columns of the decision table. */
enum client {
	CLIENT_POD = 0, /* a pod of this node, as the local detector sees it */
	CLIENT_NODE = 1,
	CLIENT_OTHER = 2,
	CLIENT_COUNT = 3,
};

/*
 * A verdict for one client class in one aligned u64, the commit point of every change:
 * bits 0..31 offset into slots, 32..55 size, 56..57 enum verdict, 58.. COLUMN_F_*.
 */
typedef __u64 column_t;

enum verdict {
	VERDICT_NONE = 0, /* not this service: as if the frontend did not exist */
	VERDICT_FORWARD = 1,
	VERDICT_REJECT = 2,
	VERDICT_DROP = 3,
};

enum column_flag {
	COLUMN_F_MASQUERADE = 1, /* the source becomes a node address */
	COLUMN_F_LOCAL = 2, /* the set is the local one, else the cluster one */
	COLUMN_F_SOCKET = 4, /* a socket hook may rewrite this: the verdict needs no source */
};

enum column_shift {
	COLUMN_SIZE_SHIFT = 32,
	COLUMN_VERDICT_SHIFT = 56,
	COLUMN_FLAGS_SHIFT = 58,
};

/* One row per service port and family. */
struct service {
	column_t columns
		[6]; /* [external][enum client]: internal pod, node, other, external pod, node, other */
	__u32 affinity_sec; /* 0: no session affinity */
	__u32 flags; /* SERVICE_F_* */
	__u64 pad;
};

enum service_flag {
	SERVICE_F_MEMBERS = 1, /* members rows exist: not TCP, or affinity */
	SERVICE_F_RANGES = 2, /* source_ranges rows exist: LB VIPs filter by source */
};

/* One place in a range of slots. The service id tells a torn or stale read. */
struct slot {
	__u32 backend_id;
	__u32 service_id;
};

struct backend {
	struct ip addr;
	__be16 port;
	__u8 proto; /* 0: free row */
	__u8 flags; /* BACKEND_F_* */
	__u32 pad;
};

enum backend_flag {
	BACKEND_F_LOCAL = 1, /* on this node */
};

/* What an address is to us. A packet to an address without a row is not ours. */
enum vip_flag {
	VIP_F_CLUSTER_IP = 1, /* all ports are ours: an unknown one is refused */
	VIP_F_EXTERNAL = 2, /* external IP or LB VIP: unknown ports pass */
	VIP_F_NODE = 4, /* a node address that serves NodePorts */
	VIP_F_LOOPBACK = 8, /* with VIP_F_NODE: only for the node's own sockets */
	VIP_F_NODE_IP = 16, /* an address of this node: source class, hairpin replies */
};

struct vip {
	__u32 flags; /* VIP_F_* */
};

/* Is this backend in a set of this service? Asked for affinity and pins. */
struct member_key {
	__u32 service_id;
	__u32 backend_id;
};

struct member {
	__u8 flags; /* MEMBER_F_* */
	__u8 pad[3];
};

enum member_flag {
	MEMBER_F_CLUSTER = 1,
	MEMBER_F_LOCAL = 2,
	MEMBER_F_SERVING = 4, /* serving, perhaps terminating: existing UDP flows stay */
};

struct affinity_key {
	struct ip client;
	__u32 service_id;
};

struct affinity {
	__u64 last_used_ns; /* CLOCK_MONOTONIC */
	__u32 backend_id;
	__u32 pad;
};

/* LPM: prefixlen counts the 32 bits of service_id first. */
struct source_range_key {
	__u32 prefixlen;
	__u32 service_id;
	struct ip addr;
};

struct source_range {
	__u8 allow;
	__u8 pad[3];
};

/* Name of a service id, for people and for adoption after a restart: "namespace/name:port/PROTO/family". */
struct service_name {
	char name[212];
};

/* An unconnected UDP socket's choice for a frontend. */
struct sk_pin_key {
	__u64 cookie;
	struct ip addr; /* VIP */
	__be16 port;
	__u8 proto;
	__u8 pad[5];
};

struct sk_pin {
	__u32 backend_id;
	__u32 service_id;
};

/* What a connected socket dialled, and what it was given instead. */
struct sk_peer {
	__u64 cookie; /* 0: free */
	struct ip addr; /* backend */
	struct ip vip;
	__be16 port; /* of the backend */
	__be16 vip_port;
	__u32 pad;
};

/* The peers of the sockets whose cookies leave the same remainder: the youngest ones. */
struct sk_peer_set {
	struct bpf_spin_lock lock; /* for writers */
	__u32 pad;
	struct sk_peer peers[4]; /* SK_PEER_WAYS */
};

/* What an unconnected UDP socket believes to talk to: only for answers (recvmsg). */
struct sk_rev_key {
	__u64 cookie;
	struct ip addr; /* backend */
	__be16 port;
	__u8 proto;
	__u8 pad[5];
};

struct sk_rev {
	struct ip addr; /* VIP */
	__be16 port;
	__u8 pad[6];
};

struct tuple {
	struct ip saddr;
	struct ip daddr;
	__be16 sport;
	__be16 dport;
};

/*
 * Two sides of a client edge: a pod's device, or the uplinks where the client is the node itself, which local
 * pods answer at pod_in.
 */
enum hook {
	HOOK_FROM_CLIENT = 0, /* pod_in, uplink_out */
	HOOK_TO_CLIENT = 1, /* pod_out, uplink_in */
};

/*
 * A connection to a VIP from a pod or from the node, or a direct one that had to change its port: one row
 * for all of its packets. Tuples are those of packets from the client; answers have them reversed.
 */
struct flow {
	struct tuple dialled;
	struct tuple forwarded; /* what it becomes at the client's edge */
	__u32 service_id; /* 0: none (a renamed direct connection) */
	__u32 backend_id;
	__u32 created; /* seconds of CLOCK_MONOTONIC */
	__u32 looked_at; /* low half of jiffies64 when the clock was last asked for this flow */
	__u32 epoch; /* config's, when the backend was last known to be a member */
	__u32 place; /* where this row lies */
	__be16 hairpin_port; /* the client's, as the backend sees it behind the node's address */
	__u8 proto; /* 0: never used, or given up */
	__u8 flags; /* FLOW_F_* */
	__u8 tcp[2]; /* CT_TCP_* of its packets, by enum hook */
	__u8 mac[6]; /* destination MAC where client and backend share a bridge; the uplink's own; else 0 */
	__u32 expires; /* seconds of CLOCK_MONOTONIC; the row is free afterwards */
	__u32 uplink; /* FLOW_F_NODE: ifindex by which the node sends its requests, and expects the answers */
	__u32 out; /* FLOW_F_NODE: ifindex by which they really leave; 0: there is no route */
};

/* Where a packet of a flow may be met. */
enum step {
	STEP_REQUEST = 0, /* from the client */
	STEP_ANSWER = 1, /* to the client */
	STEP_HAIRPIN_REQUEST = 2, /* pod_out, to the client that is its own backend */
	STEP_HAIRPIN_ANSWER = 3, /* pod_in, from it to the node's address */
};

/*
 * Ways to the flows whose clients, address and port, share a hash: all that a search looks at. Small, so
 * that what misses costs no more than a cache line that is likely at hand.
 */
struct flow_set {
	__u32 tags[8]; /* of what was dialled; 0: free. CT_WAYS */
	__u32 answer_tags[8]; /* of the answers; 0: steps lead to it */
	__u32 places[8]; /* of the flows */
	__u32 expires[8]; /* seconds of CLOCK_MONOTONIC */
	struct bpf_spin_lock lock; /* for writers */
	__u32 detours; /* not 0: what is not found here may be in steps, until this second */
};

/* Rows of flows are given out in turn, so that the next ones are at hand; each CPU takes some at once. */
struct flow_cursor {
	struct bpf_spin_lock lock;
	__u32 next;
};

struct flow_batch {
	__u32 next;
	__u32 left;
};

/* Packets that the set of their client does not lead to a flow: hairpins, other ports, full sets. */
struct step_set {
	__u32 tags[8];
	__u32 expires[8];
	__u32 flows[8]; /* enum step << STEP_SHIFT | place of the flow */
	struct bpf_spin_lock lock;
	__u32 pad;
};

enum flow_flag {
	FLOW_F_HAIRPIN = 1, /* backend is the client itself */
	FLOW_F_DIRECT = 2, /* a direct connection whose port was taken by a VIP flow */
	FLOW_F_BRIDGE = 4, /* client and backend may share a bridge: mac is wanted */
	FLOW_F_RENAMED = 8, /* the backend sees another port of the client */
	FLOW_F_CROWDED = 16, /* the set of its client was full: only steps lead here */
	FLOW_F_NODE = 32, /* the client is this node */
	FLOW_F_SELF = 64, /* so is the backend: it sees the VIP as its client */
};

/* Seconds without a packet; as nf_conntrack has them, half closed as kube-proxy sets it. */
enum ct_timeout {
	CT_TCP_OPENING_SEC = 60,
	CT_TCP_ESTABLISHED_SEC = 432000,
	CT_TCP_HALF_CLOSED_SEC = 3600,
	CT_TCP_CLOSED_SEC = 120,
	CT_TCP_RESET_SEC = 10,
	CT_UDP_SEC = 120,
	CT_OTHER_SEC = 600,
};

enum ct_tcp {
	CT_TCP_SYN = 1,
	CT_TCP_FIN = 2,
	CT_TCP_RST = 4,
	CT_TCP_ESTABLISHED = 8, /* a packet without SYN was seen */
};

/* Ports of a fragmented datagram. */
struct frag_key {
	struct ip saddr;
	struct ip daddr;
	__u32 id;
	__u8 proto;
	__u8 hook;
	__u8 pad[2];
};

struct frag {
	__be16 sport;
	__be16 dport;
};

enum device_role {
	DEVICE_POD = 1,
	DEVICE_UPLINK = 2,
};

struct device {
	__u32 role; /* enum device_role */
	__u32 bridge_ifindex; /* 0: not a bridge port */
	__u32 peer_nsid; /* network namespace of the pod, as IFLA_LINK_NETNSID has it; all ones: unknown */
	__u32 pad;
};

struct cidr {
	struct ip addr;
	struct ip mask;
};

/* One row; written by the agent, read by every program. */
struct config {
	__u64 node_netns_cookie; /* 0: not yet learnt */
	__u64 hash_seed; /* of conntrack; as old as its maps */
	__u64 probe_cookie; /* socket cookie whose connect() teaches node_netns_cookie; 0: none */
	struct cidr local_cidrs[8]; /* the local detector; unused: mask all zero and addr all ones */
	struct ip node_addr_v4; /* what a hairpin pod sees; :: if none */
	struct ip node_addr_v6;
	__u32 flags; /* CONFIG_F_* */
	__u32 renamed; /* not 0: flows of FLOW_F_DIRECT may exist */
	__u32 epoch; /* counts the times that members went */
	__u32 node_flows; /* not 0: flows of FLOW_F_NODE may exist */
};

enum config_flag {
	CONFIG_F_COEXIST = 1, /* kube-proxy may own flows: mid-stream TCP without a row passes */
	CONFIG_F_DETECTOR = 2, /* a local detector is configured */
};

/* Who holds the node. */
struct agent {
	__u64 started_ms; /* Unix time */
	__u32 pid;
	__u32 pad;
	char node[256];
	char pod[256];
};

/* Per-CPU, by service id and by backend id. */
struct counters {
	__u64 connections; /* new flows forwarded */
	__u64 rejects;
	__u64 drops;
};

enum reason {
	REASON_REJECT = 0,
	REASON_UNKNOWN_PORT = 1,
	REASON_DROP = 2,
	REASON_SOURCE_RANGE = 3,
	REASON_NO_FLOW = 4, /* mid-stream TCP without a row */
	REASON_CT_FULL = 5, /* no port was free, or a living flow gave way */
	REASON_STALE_SLOT = 6,
	REASON_COLLISION = 7, /* another source port was taken */
	REASON_LEFT_NODE = 8, /* stopped at the uplink guard */
	REASON_ICMP_LIMIT = 9,
	REASON_MALFORMED = 10,
	REASON_NEEDS_MASQUERADE = 11, /* not served at the pod edge yet */
	REASON_SCTP_PORT = 12, /* SCTP ports can't be rewritten */
	REASON_COUNT = 13,
};

enum sizes {
	MAX_FRONTENDS = 65536,
	MAX_SERVICES = 65536,
	MAX_SLOTS = 1048576,
	MAX_BACKENDS = 262144,
	MAX_VIPS = 65536,
	MAX_MEMBERS = 262144,
	MAX_SOURCE_RANGES = 65536,
	MAX_AFFINITIES = 65536,
	CT_WAYS = 8,
	MAX_FLOWS = 131072,
	FLOW_SETS = MAX_FLOWS / CT_WAYS,
	FLOW_BATCH = 32,
	STEP_SETS = 8192,
	STEP_SHIFT = 30,
	MAX_SOCKETS = 131072,
	SK_PEER_WAYS = 4,
	SK_PEER_SETS = MAX_SOCKETS / SK_PEER_WAYS,
	MAX_FRAGS = 8192,
	MAX_DEVICES = 16384,
	MAX_ICMP_CLIENTS = 4096,
	ICMP_PER_SECOND = 100, /* answers to one client */
};

/* ICMP answers are bounded per client. */
struct icmp_budget {
	__u64 window_ns;
	__u32 sent;
	__u32 pad;
};

_Static_assert(sizeof(struct frontend_key) == 20, "frontend_key");
_Static_assert(sizeof(struct service) == 64, "service");
_Static_assert(sizeof(struct slot) == 8, "slot: one aligned u64");
_Static_assert(sizeof(struct backend) == 24, "backend");
_Static_assert(sizeof(struct flow) == 120, "flow");
