// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Makes a packet anew and hands it to the program under test: BPF_PROG_TEST_RUN repeats on what the
 * program left, and a rewritten packet would be another case.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Places behind the Ethernet header, of IP without options. */
enum {
	ETHERNET = 14,
	IPV4_CHECK = ETHERNET + 10,
	IPV4_ADDRESSES = ETHERNET + 12,
	IPV4_END = ETHERNET + 20,
	IPV6_ADDRESSES = ETHERNET + 8,
	IPV6_END = ETHERNET + 40,
	TCP_CHECK = 16,
	UDP_CHECK = 6,
	LONGEST = IPV6_END + 20,
};

/* The packet's start, padded with zeros. */
const volatile __u8 headers[LONGEST + 2];
const volatile __u8 is_v6 = 0;
const volatile __u8 is_udp = 0;
/* Not 0: each packet comes from another client port, and after all of them from another address. */
const volatile __u8 vary = 0;

__u32 flow;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

/* Each field by one store of the width that it is read with: else the reader stalls, and that would be measured. */
#define RESTORE(type, at) (*(type *)(data + (at)) = *(const volatile type *)(headers + (at)))

SEC("tc")
int rewind(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;
	__u8 *end = (void *)(long)skb->data_end;
	int ports = is_v6 ? IPV6_END : IPV4_END;
	int each;

	if (data + LONGEST > end)
		return TC_ACT_SHOT;
	if (is_v6) {
#pragma unroll
		for (each = 0; each < 8; each++)
			RESTORE(__u32, IPV6_ADDRESSES + 4 * each);
	} else {
		RESTORE(__u16, IPV4_CHECK);
		RESTORE(__u32, IPV4_ADDRESSES);
		RESTORE(__u32, IPV4_ADDRESSES + 4);
	}
	RESTORE(__u16, ports);
	RESTORE(__u16, ports + 2);
	RESTORE(__u16, ports + (is_udp ? UDP_CHECK : TCP_CHECK));
	if (vary) {
		int source = is_v6 ? IPV6_ADDRESSES + 12 : IPV4_ADDRESSES;

		*(__u16 *)(data + ports) = flow;
		*(__u32 *)(data + source) =
			*(const volatile __u32 *)(headers + source) + (flow >> 16 << 24);
		flow++;
	}
	bpf_tail_call(skb, &next, 0);
	return TC_ACT_SHOT;
}
