/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/*
 * Conntrack of the pod edge: one row for a flow, in the set of its client's address and port, where
 * requests and answers alike find it by one look. Nothing has to be collected: a row that has run out is
 * as good as free, and a full set sends new flows elsewhere.
 */
#include "lb.h"
#include "parse.h"
#include "scratch.h"

/* Between two looks at the clock, which cost what a look-up costs: a quarter of a second at most. */
#define LOOK_JIFFIES 25
#define PORT_ATTEMPTS 8
#define PORT_FLOOR 1024
#define NSID_UNKNOWN 0xffffffff
#define NSID_CURRENT 0xfffffffe /* any other negative s32 means the caller's to the kernel */
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#define PLACE_MASK ((1u << STEP_SHIFT) - 1)

static __always_inline struct tuple reverse(const struct tuple *tuple)
{
	struct tuple reversed = {
		.saddr = tuple->daddr,
		.daddr = tuple->saddr,
		.sport = tuple->dport,
		.dport = tuple->sport,
	};

	return reversed;
}

/* One branch for the verifier to follow. */
static __always_inline bool tuple_equal(const struct tuple *a, const struct tuple *b)
{
	__u32 differs = (a->sport ^ b->sport) | (a->dport ^ b->dport);

	for (int i = 0; i < 4; i++)
		differs |= (a->saddr.word[i] ^ b->saddr.word[i]) |
			   (a->daddr.word[i] ^ b->daddr.word[i]);
	return !differs;
}

static __always_inline __u32 seconds(void)
{
	return bpf_ktime_get_ns() / NSEC_PER_SEC;
}

/* Twice, so that each bit reaches all: ports differ in few. */
static __always_inline __u64 mix(__u64 hash)
{
	hash *= 0x9e3779b97f4a7c15ull;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/* Hashes of a packet, seeded, so that nobody outside can aim at a set. */
struct hashes {
	__u64 client; /* of the client's address and port: the same for requests and answers */
	__u64 packet; /* of everything */
};

static __always_inline __u64 hash_end(__u64 hash, const struct ip *address, __u32 rest, bool v4)
{
	hash = mix(hash ^ ((__u64)rest << 32 | address->word[3]));
	if (v4)
		return hash;
	hash = mix(hash ^ ((__u64)address->word[0] << 32 | address->word[1]));
	return mix(hash ^ address->word[2]);
}

static __always_inline struct hashes hash_key(const struct config *cfg, const struct ct_key *key)
{
	const struct tuple *tuple = &key->tuple;
	bool v4 = ip_is_v4(&tuple->saddr), from_client = key->hook == HOOK_FROM_CLIENT;
	const struct ip *client = from_client ? &tuple->saddr : &tuple->daddr;
	const struct ip *peer = from_client ? &tuple->daddr : &tuple->saddr;
	__u32 client_port = from_client ? tuple->sport : tuple->dport;
	__u32 peer_port = from_client ? tuple->dport : tuple->sport;
	struct hashes hashes;

	hashes.client = hash_end(cfg->hash_seed, client, client_port << 8 | key->proto, v4);
	hashes.packet = hash_end(hashes.client, peer, peer_port << 1 | from_client, v4);
	return hashes;
}

static __always_inline __u32 tag_of(const struct hashes *hashes)
{
	return hashes->packet >> 32 | 1;
}

/* 1 or 0, without a branch: eight in a row are 256 ways for a verifier to walk. */
static __always_inline __u64 is_same(__u32 a, __u32 b)
{
	__u64 same = ((__u64)(a ^ b) - 1) >> 63;

	asm volatile("" : "+r"(same));
	return same;
}

/* The way with this tag; CT_WAYS: none. */
static __always_inline __u32 find_way(const __u32 *tags, __u32 tag)
{
	__u64 found = CT_WAYS;

#pragma unroll
	for (int i = 0; i < CT_WAYS; i++)
		found -= (CT_WAYS - i) * is_same(READ_ONCE(tags[i]), tag);
	return found;
}

/* The way with this tag, else a free one, else the one that ends first. */
static __always_inline __u32 choose_way(const __u32 *tags, const __u32 *expires, __u32 tag)
{
	__u64 first = 1ull << 62;

#pragma unroll
	for (int i = 0; i < CT_WAYS; i++) {
		__u64 rank = ((__u64)expires[i] + 1) * (1 - is_same(tags[i], tag));
		__u64 less = (rank << 8 | i) - first, is_less = less >> 63;

		asm volatile("" : "+r"(is_less));
		first += less * is_less;
	}
	return first & (CT_WAYS - 1);
}

static __always_inline struct flow_set *get_set(__u32 index)
{
	return bpf_map_lookup_elem(&flow_sets, &index);
}

static __always_inline struct step_set *get_steps(__u32 index)
{
	return bpf_map_lookup_elem(&steps, &index);
}

static __always_inline struct flow *get_flow(__u32 place)
{
	return bpf_map_lookup_elem(&flows, &place);
}

/* What the backend of a hairpin sees: the node. */
static __always_inline struct tuple masked(const struct config *cfg, const struct flow *flow)
{
	struct tuple tuple = flow->forwarded;

	tuple.saddr = ip_is_v4(&tuple.daddr) ? cfg->node_addr_v4 : cfg->node_addr_v6;
	tuple.sport = flow->hairpin_port;
	return tuple;
}

/* A packet of a flow as it is met at this step. */
static __always_inline struct tuple met_at(const struct config *cfg, const struct flow *flow,
					   __u32 step)
{
	struct tuple hairpin;

	if (step == STEP_REQUEST)
		return flow->dialled;
	if (step == STEP_ANSWER)
		return reverse(&flow->forwarded);
	if (step == STEP_HAIRPIN_REQUEST)
		return flow->forwarded;
	hairpin = masked(cfg, flow);
	return reverse(&hairpin);
}

/* What it becomes there. */
static __always_inline struct tuple becomes(const struct config *cfg, const struct flow *flow,
					    __u32 step)
{
	if (step == STEP_REQUEST)
		return flow->forwarded;
	if (step == STEP_ANSWER)
		return reverse(&flow->dialled);
	if (step == STEP_HAIRPIN_REQUEST)
		return masked(cfg, flow);
	return reverse(&flow->forwarded);
}

/* The flow that a row of steps leads to, which it need not be. */
static __noinline struct flow *find_detour(__u64 hash, __u32 tag, __u32 *step)
{
	struct step_set *set = get_steps(hash % STEP_SETS);
	__u32 way;

	if (!set)
		return NULL;
	way = find_way(set->tags, tag);
	if (way >= CT_WAYS)
		return NULL;
	*step = set->flows[way] >> STEP_SHIFT;
	return get_flow(set->flows[way] & PLACE_MASK);
}

/* A packet -> the flow that it belongs to, and which step this is. */
static __noinline struct flow *find_flow(const struct config *cfg, const struct ct_key *key,
					 __u32 *step)
{
	struct hashes hashes = hash_key(cfg, key);
	__u32 tag = tag_of(&hashes), way;
	struct flow_set *set = get_set(hashes.client % FLOW_SETS);
	struct flow *flow;
	struct tuple met;

	if (!set)
		return NULL;
	*step = key->hook == HOOK_FROM_CLIENT ? STEP_REQUEST : STEP_ANSWER;
	way = find_way(key->hook == HOOK_FROM_CLIENT ? set->tags : set->answer_tags, tag);
	if (way < CT_WAYS)
		flow = get_flow(set->places[way]);
	else if (set->detours)
		flow = find_detour(hashes.packet, tag, step);
	else
		return NULL;
	if (!flow)
		return NULL;
	met = met_at(cfg, flow, *step);
	return tuple_equal(&met, &key->tuple) && flow->proto == key->proto ? flow : NULL;
}

/* Both sides said goodbye, or one hung up. */
static __always_inline bool is_closed(const struct flow *flow)
{
	return ((flow->tcp[HOOK_FROM_CLIENT] | flow->tcp[HOOK_TO_CLIENT]) & CT_TCP_RST) ||
	       (flow->tcp[HOOK_FROM_CLIENT] & flow->tcp[HOOK_TO_CLIENT] & CT_TCP_FIN);
}

static __always_inline __u32 timeout(const struct flow *flow)
{
	__u8 seen = flow->tcp[HOOK_FROM_CLIENT] | flow->tcp[HOOK_TO_CLIENT];

	if (flow->proto == IPPROTO_UDP)
		return CT_UDP_SEC;
	if (flow->proto != IPPROTO_TCP)
		return CT_OTHER_SEC;
	if (seen & CT_TCP_RST)
		return CT_TCP_RESET_SEC;
	if (is_closed(flow))
		return CT_TCP_CLOSED_SEC;
	if (seen & CT_TCP_FIN)
		return CT_TCP_HALF_CLOSED_SEC;
	return seen & CT_TCP_ESTABLISHED ? CT_TCP_ESTABLISHED_SEC : CT_TCP_OPENING_SEC;
}

static __always_inline __u32 tag_at(const struct config *cfg, const struct flow *flow, __u32 step)
{
	struct ct_key key = { .proto = flow->proto, .hook = step == STEP_ANSWER };
	struct hashes hashes;

	key.tuple = met_at(cfg, flow, step);
	hashes = hash_key(cfg, &key);
	return tag_of(&hashes);
}

static __noinline void forget_flow(const struct config *cfg, struct flow *flow)
{
	struct ct_key key = { .tuple = flow->dialled,
			      .proto = flow->proto,
			      .hook = HOOK_FROM_CLIENT };
	struct hashes hashes = hash_key(cfg, &key);
	struct flow_set *set = get_set(hashes.client % FLOW_SETS);
	__u32 way;

	if (!set)
		return;
	bpf_spin_lock(&set->lock);
	way = find_way(set->tags, tag_of(&hashes));
	if (way < CT_WAYS && set->places[way] == flow->place) {
		set->tags[way] = 0;
		set->answer_tags[way] = 0;
		set->expires[way] = 0;
	}
	bpf_spin_unlock(&set->lock);
	flow->proto = 0; /* for those that come by steps */
	flow->expires = 0;
}

/* The next place whose flow has run out, or of some that live the one that ends first. */
static __noinline struct flow *take_row(const struct config *cfg, __u32 now, __u32 *place)
{
	__u32 zero = 0, taken;
	struct flow_batch *batch = bpf_map_lookup_elem(&flow_batches, &zero);
	struct flow_cursor *cursor = bpf_map_lookup_elem(&flow_cursor, &zero);
	struct flow *row, *first = NULL;

	if (!batch || !cursor)
		return NULL;
	for (int i = 0; i < CT_WAYS; i++) {
		if (!batch->left) {
			bpf_spin_lock(&cursor->lock);
			batch->next = cursor->next;
			cursor->next = (cursor->next + FLOW_BATCH) % MAX_FLOWS;
			bpf_spin_unlock(&cursor->lock);
			batch->left = FLOW_BATCH;
		}
		batch->left--;
		taken = batch->next++;
		row = get_flow(taken);
		if (!row)
			break;
		if (!first || row->expires < first->expires) {
			first = row;
			*place = taken;
		}
		if (row->expires < now)
			return row;
	}
	count_reason(REASON_CT_FULL);
	if (first)
		forget_flow(cfg, first);
	return first;
}

enum put {
	PUT,
	PUT_FULL, /* all flows of the set live */
	PUT_TAKEN, /* a living flow has the same answers */
};

/* Lets the packets of a flow find it by the set of its client. */
static __noinline enum put put_head(const struct config *cfg, const struct flow *flow, __u32 now)
{
	struct ct_key key = { .tuple = flow->dialled,
			      .proto = flow->proto,
			      .hook = HOOK_FROM_CLIENT };
	struct hashes hashes = hash_key(cfg, &key);
	__u32 tag = tag_of(&hashes), answer_tag = 0, way, other = CT_WAYS;
	struct flow_set *set = get_set(hashes.client % FLOW_SETS);
	enum put put = PUT;

	if (!set)
		return PUT_TAKEN;
	if (!(flow->flags & FLOW_F_RENAMED))
		answer_tag = tag_at(cfg, flow, STEP_ANSWER);
	bpf_spin_lock(&set->lock);
	way = choose_way(set->tags, set->expires, tag);
	other = find_way(set->answer_tags, answer_tag | !answer_tag);
	if (other < CT_WAYS && other != way && set->expires[other] >= now) {
		put = PUT_TAKEN;
	} else if (set->tags[way] && set->tags[way] != tag && set->expires[way] >= now) {
		put = PUT_FULL;
	} else {
		if (other < CT_WAYS)
			set->answer_tags[other] = 0;
		WRITE_ONCE(set->tags[way], 0);
		WRITE_ONCE(set->answer_tags[way], 0);
		set->places[way] = flow->place;
		set->expires[way] = flow->expires;
		WRITE_ONCE(set->answer_tags[way], answer_tag);
		WRITE_ONCE(set->tags[way], tag);
		if (set->detours < now)
			set->detours = 0;
	}
	bpf_spin_unlock(&set->lock);
	return put;
}

/* Leads from where a flow is met to the flow. False: another one that lives is met there. */
static __noinline bool put_step(const struct config *cfg, const struct flow *flow, __u32 step,
				__u32 now)
{
	struct ct_key key = {
		.proto = flow->proto,
		.hook = step == STEP_ANSWER || step == STEP_HAIRPIN_REQUEST,
	};
	__u32 leads_to = step << STEP_SHIFT | flow->place, expires = flow->expires, tag, way;
	struct hashes hashes;
	struct step_set *set;
	struct flow_set *home;
	bool taken;

	key.tuple = met_at(cfg, flow, step);
	hashes = hash_key(cfg, &key);
	tag = tag_of(&hashes);
	set = get_steps(hashes.packet % STEP_SETS);
	home = get_set(hashes.client % FLOW_SETS);
	if (!set || !home)
		return false;
	bpf_spin_lock(&set->lock);
	way = choose_way(set->tags, set->expires, tag);
	taken = set->tags[way] == tag && set->expires[way] >= now && set->flows[way] != leads_to;
	if (!taken) {
		set->flows[way] = leads_to;
		set->expires[way] = expires;
		WRITE_ONCE(set->tags[way], tag);
	}
	bpf_spin_unlock(&set->lock);
	if (!taken && home->detours < expires)
		home->detours = expires;
	return !taken;
}

/* Lets all packets of a flow find it; also again, for it may have lost a place to others. */
static __noinline bool put_ways(const struct config *cfg, struct flow *flow, __u32 now)
{
	enum put put = put_head(cfg, flow, now);

	if (put == PUT_TAKEN)
		return false;
	if (put == PUT_FULL)
		flow->flags |= FLOW_F_CROWDED;
	if (flow->flags & FLOW_F_CROWDED && !put_step(cfg, flow, STEP_REQUEST, now))
		return false;
	if (flow->flags & (FLOW_F_CROWDED | FLOW_F_RENAMED) &&
	    !put_step(cfg, flow, STEP_ANSWER, now))
		return false;
	return !(flow->flags & FLOW_F_HAIRPIN) || (put_step(cfg, flow, STEP_HAIRPIN_REQUEST, now) &&
						   put_step(cfg, flow, STEP_HAIRPIN_ANSWER, now));
}

/* Gives a new flow a row and lets its packets find it. */
static __noinline struct flow *put_flow(const struct config *cfg, struct flow *fresh, __u32 now)
{
	struct flow *row = take_row(cfg, now, &fresh->place);

	if (!row)
		return NULL;
	fresh->expires = now + timeout(fresh);
	*row = *fresh;
	if (put_ways(cfg, row, now))
		return row;
	row->proto = 0;
	row->expires = 0;
	return NULL;
}

/* Looks at the clock for the flow that lies there; 0: it has run out. */
__noinline int look(__u32 place)
{
	const struct config *cfg = get_config();
	struct flow *flow = get_flow(place);
	__u32 now = seconds();

	if (!cfg || !flow || flow->expires < now)
		return 0;
	flow->looked_at = bpf_jiffies64();
	flow->expires = now + timeout(flow);
	put_ways(cfg, flow, now);
	return 1;
}

static __always_inline __u8 tcp_seen(const struct packet *packet)
{
	__u8 seen = packet->tcp_flags & TCP_F_SYN ? CT_TCP_SYN : CT_TCP_ESTABLISHED;

	if (packet->key.proto != IPPROTO_TCP)
		return 0;
	if (packet->tcp_flags & TCP_F_FIN)
		seen |= CT_TCP_FIN;
	if (packet->tcp_flags & TCP_F_RST)
		seen |= CT_TCP_RST;
	return seen;
}

enum touched {
	TOUCHED,
	LOOKED_AT, /* for the first time in a while */
	RUN_OUT, /* no flow any more */
};

/* A packet of this flow came by. */
static __always_inline enum touched touch(struct flow *flow, const struct packet *packet)
{
	__u32 jiffies = bpf_jiffies64();
	__u8 *known = &flow->tcp[packet->key.hook & 1];
	__u8 seen = *known | tcp_seen(packet);

	if (jiffies - flow->looked_at < LOOK_JIFFIES && seen == *known)
		return TOUCHED;
	*known = seen;
	return look(flow->place) ? LOOKED_AT : RUN_OUT;
}

static __always_inline bool has_mac(const struct flow *flow)
{
	return flow->mac[0] | flow->mac[1] | flow->mac[2] | flow->mac[3] | flow->mac[4] |
	       flow->mac[5];
}

/* Gives up a flow whose tuples others want; false: it lives. */
static __always_inline bool yields(const struct config *cfg, struct flow *flow, __u32 now)
{
	if (!is_closed(flow) && flow->expires >= now)
		return false;
	forget_flow(cfg, flow);
	return true;
}

/* Does a socket own this tuple (as an arriving packet has it) in that network namespace? */
static __always_inline bool socket_exists(struct __sk_buff *skb, const struct tuple *arriving,
					  __u8 proto, __u64 nsid)
{
	struct bpf_sock_tuple query = {};
	struct bpf_sock *sk;
	__u32 size;
	bool exists;

	if (proto == SCTP_PROTO)
		return false;
	if (ip_is_v4(&arriving->saddr)) {
		query.ipv4.saddr = arriving->saddr.word[3];
		query.ipv4.daddr = arriving->daddr.word[3];
		query.ipv4.sport = arriving->sport;
		query.ipv4.dport = arriving->dport;
		size = sizeof(query.ipv4);
	} else {
		__builtin_memcpy(query.ipv6.saddr, &arriving->saddr, sizeof(struct ip));
		__builtin_memcpy(query.ipv6.daddr, &arriving->daddr, sizeof(struct ip));
		query.ipv6.sport = arriving->sport;
		query.ipv6.dport = arriving->dport;
		size = sizeof(query.ipv6);
	}
	if (proto == IPPROTO_TCP) {
		sk = bpf_skc_lookup_tcp(skb, &query, size, nsid, 0);
		if (!sk)
			return false;
		exists = sk->state != BPF_TCP_LISTEN;
	} else {
		sk = bpf_sk_lookup_udp(skb, &query, size, nsid, 0);
		if (!sk)
			return false;
		/* only a connected socket owns the tuple */
		exists = ip_is_v4(&arriving->saddr) ? sk->dst_ip4 == arriving->saddr.word[3] :
						      sk->dst_ip6[3] == arriving->saddr.word[3];
	}
	bpf_sk_release(sk);
	return exists;
}

static __always_inline __be16 random_port(void)
{
	return bpf_htons(PORT_FLOOR + bpf_get_prandom_u32() % (65536 - PORT_FLOOR));
}

/* Does another flow that lives meet its packets there? */
static __always_inline bool is_met(const struct config *cfg, const struct scratch *rows,
				   const struct ct_key *key)
{
	__u32 step;
	struct flow *other = find_flow(cfg, key, &step);

	return other && !tuple_equal(&other->dialled, &rows->flow.dialled) &&
	       !yields(cfg, other, rows->now);
}

/* May packets of the flow in the making be met at scratch's `met`, or do they belong to somebody else? */
__noinline int is_free(struct __sk_buff *skb)
{
	const struct config *cfg = get_config();
	struct scratch *rows = get_scratch();

	if (!rows || !cfg)
		return 0;
	if (rows->nsid != NSID_UNKNOWN &&
	    socket_exists(skb, &rows->met.tuple, rows->met.proto, rows->nsid))
		return 0;
	return !is_met(cfg, rows, &rows->met);
}

/* Answers to hairpins and to the node itself both come from a pod to the node's address. */
static __always_inline bool is_free_otherwise(struct __sk_buff *skb, struct scratch *rows)
{
	bool free;

	if (!(rows->flow.flags & (FLOW_F_HAIRPIN | FLOW_F_NODE)))
		return true;
	rows->met.hook ^= HOOK_TO_CLIENT;
	free = is_free(skb);
	rows->met.hook ^= HOOK_TO_CLIENT;
	return free;
}

/*
 * Makes sure that nobody else, neither a flow nor a socket in `nsid`, is met where packets of this flow
 * will be, or gives them another port to be sent to: 0, and scratch's `met` says which.
 */
static __always_inline int reserve(struct __sk_buff *skb, struct scratch *rows)
{
	for (int attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
		if (is_free(skb) && is_free_otherwise(skb, rows))
			return 0;
		if (!attempt)
			count_reason(REASON_COLLISION);
		if (rows->met.proto == SCTP_PROTO)
			break; /* its checksum covers the ports */
		rows->met.tuple.dport = random_port();
	}
	count_reason(REASON_CT_FULL);
	return -1;
}
