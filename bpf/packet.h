/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/* What is known of a packet: enough to find its flow, and to rewrite it. */
#include <linux/bpf.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include "ip.h"

/* Not in UAPI's in.h of every distribution. */
#define SCTP_PROTO 132

/* linux/icmp.h drags in libc's headers. */
enum icmp_v4 {
	ICMP_DEST_UNREACH = 3,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETERPROB = 12,
	ICMP_PORT_UNREACH = 3,
};
#define ICMP_CHECK_OFFSET 2

enum tcp_header_flag {
	TCP_F_FIN = 1,
	TCP_F_SYN = 2,
	TCP_F_RST = 4,
	TCP_F_ACK = 16,
};
#define TCP_FLAGS_OFFSET 13

enum fragment { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };

/* A packet as it is met at a hook. */
struct ct_key {
	struct tuple tuple;
	__u8 proto;
	__u8 hook; /* enum hook */
	__u8 pad[2];
};

struct packet {
	struct ct_key key; /* ports zero for ICMP and for later fragments */
	__u32 fragment_id;
	__u32 l3; /* offset of the IP header */
	__u32 l4; /* offset of the transport header */
	__u8 tcp_flags;
	__u8 fragment; /* enum fragment */
	__u8 v4; /* else IPv6 */
	__sum16 ip_check; /* IPv4: the header's checksum */
};

static __always_inline bool is_icmp(const struct packet *packet)
{
	return packet->key.proto == IPPROTO_ICMP || packet->key.proto == IPPROTO_ICMPV6;
}

static __always_inline bool has_ports(__u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == SCTP_PROTO;
}

/* A SYN that opens a connection. */
static __always_inline bool opens_connection(const struct packet *packet)
{
	return (packet->tcp_flags & (TCP_F_SYN | TCP_F_ACK)) == TCP_F_SYN;
}
