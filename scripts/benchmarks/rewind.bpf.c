// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Makes a packet anew and hands it to the program under test: BPF_PROG_TEST_RUN repeats on what the
 * program left, and a rewritten packet would be another case.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* What the programs rewrite, at its place in Ethernet, IPv4 and TCP without options. */
enum {
	IP_CHECK = 24,
	SADDR_LOW = 28,
	DADDR = 30,
	SPORT = 34,
	DPORT = 36,
	TCP_CHECK = 50,
	HEADERS = 54,
};

const volatile __u32 daddr = 0;
const volatile __u16 ip_check = 0;
const volatile __u16 dport = 0;
const volatile __u16 tcp_check = 0;
/* Not 0: each packet comes from another client port, then from another address. */
const volatile __u8 vary = 0;

__u32 flow;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

SEC("tc")
int rewind(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;
	__u8 *end = (void *)(long)skb->data_end;

	if (data + HEADERS > end)
		return TC_ACT_SHOT;
	/* Each by one store of the width that it is read with: else the reader stalls, and that would be measured. */
	*(__u16 *)(data + IP_CHECK) = ip_check;
	*(__u32 *)(data + DADDR) = daddr;
	*(__u16 *)(data + DPORT) = dport;
	*(__u16 *)(data + TCP_CHECK) = tcp_check;
	if (vary) {
		__u32 number = flow++;

		*(__u16 *)(data + SPORT) = number;
		*(__u16 *)(data + SADDR_LOW) = number >> 16;
	}
	bpf_tail_call(skb, &next, 0);
	return TC_ACT_SHOT;
}
