// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Socket hooks: a socket that dials a frontend talks to a backend from its first packet on.
 * Only verdicts that do not need the packet's source are decided here; docs/design.md, "Sockets".
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>
#include "lb.h"
#include "peer.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* bpf_set_retval: Linux 5.18. Without it a refusal is left to the packet path. */
const volatile __u8 has_set_retval = 0;

enum sock_verdict { SOCK_DENY = 0, SOCK_ALLOW = 1 };

/* Where a socket wants to go, and where it goes instead. */
struct destination {
	struct ip addr;
	__be16 port;
	__u8 proto;
	bool rewritten;
};

static __always_inline int refuse(__u32 service_id, __u32 reason)
{
	if (!has_set_retval)
		return SOCK_ALLOW;
	count_reason(reason);
	if (service_id)
		count_refusal(service_id, true);
	bpf_set_retval(-ECONNREFUSED);
	return SOCK_DENY;
}

static __always_inline void remember_vip(__u64 cookie, const struct backend *backend,
					 const struct destination *vip)
{
	struct sk_rev_key key = {
		.cookie = cookie,
		.addr = backend->addr,
		.port = backend->port,
		.proto = vip->proto,
	};
	struct sk_rev rev = { .addr = vip->addr, .port = vip->port };
	const struct sk_rev *known = bpf_map_lookup_elem(&sk_revs, &key);

	if (!known || known->port != rev.port || !ip_equal(&known->addr, &rev.addr))
		bpf_map_update_elem(&sk_revs, &key, &rev, BPF_ANY);
}

/* An unconnected UDP socket keeps its backend for a frontend while that is a member. */
static __always_inline const struct backend *
pick_pinned(__u64 cookie, __u32 service_id, const struct service *service, const column_t *column,
	    const struct ip *client, const struct destination *vip)
{
	struct sk_pin_key key = {
		.cookie = cookie,
		.addr = vip->addr,
		.port = vip->port,
		.proto = vip->proto,
	};
	const struct sk_pin *pin = bpf_map_lookup_elem(&sk_pins, &key);
	struct sk_pin fresh = { .service_id = service_id };
	const struct backend *backend;

	if (pin && pin->service_id == service_id && member_flags(service_id, pin->backend_id)) {
		backend = get_backend(pin->backend_id);
		if (backend)
			return backend;
	}
	backend = pick_for_client(service, service_id, column, client, &fresh.backend_id);
	if (backend) {
		bpf_map_update_elem(&sk_pins, &key, &fresh, BPF_ANY);
		count_connection(service_id, fresh.backend_id);
	}
	return backend;
}

/* May the hook decide for a pod's socket, whose source address nobody knows yet? */
static __always_inline bool pod_decided(const struct service *service,
					const struct frontend *frontend, column_t column)
{
	if (filters_source(service, frontend))
		return false;
	return column_verdict(column) == VERDICT_REJECT ||
	       (column_verdict(column) == VERDICT_FORWARD &&
		column_flags(column) & COLUMN_F_SOCKET);
}

static __always_inline int balance(struct bpf_sock_addr *ctx, struct destination *to,
				   bool connected)
{
	const struct config *cfg = get_config();
	const struct vip *vip = bpf_map_lookup_elem(&vips, &to->addr);
	const struct frontend *frontend;
	const struct service *service;
	const struct backend *backend;
	const column_t *column;
	struct ip client_addr;
	enum client client;
	__u32 backend_id, service_id;
	__u64 cookie;
	column_t now;

	if (!vip || !cfg)
		return SOCK_ALLOW;
	client = bpf_get_netns_cookie(ctx) == cfg->node_netns_cookie ? CLIENT_NODE : CLIENT_POD;
	if (client == CLIENT_POD && vip->flags & VIP_F_LOOPBACK)
		return SOCK_ALLOW;
	frontend = find_frontend(vip->flags, &to->addr, to->port, to->proto);
	if (!frontend) {
		/* Where flows of the node exist, this may be a server of it that answers: the packet tells. */
		if (!(vip->flags & VIP_F_CLUSTER_IP) || (client == CLIENT_NODE && cfg->node_flows))
			return SOCK_ALLOW;
		return refuse(0, REASON_UNKNOWN_PORT);
	}
	service = get_service(frontend);
	if (!service)
		return SOCK_ALLOW;
	service_id = frontend->service_id;
	column = get_column(service, frontend->scope, client);
	now = READ_ONCE(*column);
	if (client == CLIENT_POD && !pod_decided(service, frontend, now))
		return SOCK_ALLOW;
	client_addr = ip_is_v4(&to->addr) ? cfg->node_addr_v4 : cfg->node_addr_v6;
	if (filters_source(service, frontend) && !source_allowed(service_id, &client_addr))
		return SOCK_ALLOW; /* a DROP: the uplink guard keeps it on the node */
	if (column_verdict(now) == VERDICT_REJECT)
		return refuse(service_id, REASON_REJECT);
	if (column_verdict(now) != VERDICT_FORWARD)
		return SOCK_ALLOW;

	cookie = bpf_get_socket_cookie(ctx);
	if (connected) {
		backend = pick_for_client(service, service_id, column, &client_addr, &backend_id);
		if (!backend)
			return SOCK_ALLOW;
		count_connection(service_id, backend_id);
		remember_peer(&(struct sk_peer){
			.cookie = cookie,
			.addr = backend->addr,
			.vip = to->addr,
			.port = backend->port,
			.vip_port = to->port,
		});
	} else {
		backend = pick_pinned(cookie, service_id, service, column, &client_addr, to);
		if (!backend)
			return SOCK_ALLOW;
		remember_vip(cookie, backend, to);
	}
	to->addr = backend->addr;
	to->port = backend->port;
	to->rewritten = true;
	return SOCK_ALLOW;
}

/* What a connected socket dialled, if this peer is the backend that a hook put in its place. */
static __always_inline void restore_dialled(__u64 cookie, struct destination *peer)
{
	const struct sk_peer *known = get_peer(cookie);

	if (!known || known->port != peer->port || !ip_equal(&known->addr, &peer->addr))
		return;
	peer->addr = known->vip;
	peer->port = known->vip_port;
	peer->rewritten = true;
}

/* The same for a UDP socket that may be unconnected. */
static __always_inline void restore_vip(__u64 cookie, struct destination *peer)
{
	struct sk_rev_key key = {
		.cookie = cookie,
		.addr = peer->addr,
		.port = peer->port,
		.proto = peer->proto,
	};
	const struct sk_rev *rev;

	restore_dialled(cookie, peer);
	if (peer->rewritten)
		return;
	rev = bpf_map_lookup_elem(&sk_revs, &key);
	if (!rev)
		return;
	peer->addr = rev->addr;
	peer->port = rev->port;
	peer->rewritten = true;
}

static __always_inline struct destination read_v4(const struct bpf_sock_addr *ctx)
{
	struct destination to = {
		.addr = ip_from_v4(ctx->user_ip4),
		.port = ctx->user_port,
		.proto = ctx->protocol,
	};

	return to;
}

/* All of 127.0.0.0/8 serves what 127.0.0.1 serves. */
static __always_inline struct destination dialled_v4(const struct bpf_sock_addr *ctx)
{
	struct destination to = read_v4(ctx);

	if ((to.addr.word[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000))
		to.addr.word[3] = bpf_htonl(0x7f000001);
	return to;
}

static __always_inline struct destination read_v6(const struct bpf_sock_addr *ctx)
{
	struct destination to = {
		.addr = { .word = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2],
				    ctx->user_ip6[3] } },
		.port = ctx->user_port,
		.proto = ctx->protocol,
	};

	return to;
}

static __always_inline void write_v4(struct bpf_sock_addr *ctx, const struct destination *to)
{
	if (!to->rewritten)
		return;
	ctx->user_ip4 = to->addr.word[3];
	ctx->user_port = to->port;
}

static __always_inline void write_v6(struct bpf_sock_addr *ctx, const struct destination *to)
{
	if (!to->rewritten)
		return;
	ctx->user_ip6[0] = to->addr.word[0];
	ctx->user_ip6[1] = to->addr.word[1];
	ctx->user_ip6[2] = to->addr.word[2];
	ctx->user_ip6[3] = to->addr.word[3];
	ctx->user_port = to->port;
}

/* The agent's probe socket teaches which network namespace is the node's: docs/design.md. */
static __always_inline void learn_node(struct bpf_sock_addr *ctx)
{
	__u32 zero = 0;
	struct config *cfg = bpf_map_lookup_elem(&config, &zero);

	if (cfg && cfg->probe_cookie && cfg->probe_cookie == bpf_get_socket_cookie(ctx)) {
		cfg->node_netns_cookie = bpf_get_netns_cookie(ctx);
		cfg->probe_cookie = 0;
	}
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	struct destination to = dialled_v4(ctx);
	int verdict;

	learn_node(ctx);
	verdict = balance(ctx, &to, true);
	write_v4(ctx, &to);
	return verdict;
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	struct destination to = read_v6(ctx);
	int verdict = balance(ctx, &to, true);

	write_v6(ctx, &to);
	return verdict;
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	struct destination to = dialled_v4(ctx);
	int verdict = balance(ctx, &to, false);

	write_v4(ctx, &to);
	return verdict;
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	struct destination to = read_v6(ctx);
	int verdict = balance(ctx, &to, false);

	write_v6(ctx, &to);
	return verdict;
}

SEC("cgroup/recvmsg4")
int recvmsg4(struct bpf_sock_addr *ctx)
{
	struct destination peer = read_v4(ctx);

	restore_vip(bpf_get_socket_cookie(ctx), &peer);
	write_v4(ctx, &peer);
	return SOCK_ALLOW;
}

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *ctx)
{
	struct destination peer = read_v6(ctx);

	restore_vip(bpf_get_socket_cookie(ctx), &peer);
	write_v6(ctx, &peer);
	return SOCK_ALLOW;
}

SEC("cgroup/getpeername4")
int getpeername4(struct bpf_sock_addr *ctx)
{
	struct destination peer = read_v4(ctx);

	restore_dialled(bpf_get_socket_cookie(ctx), &peer);
	write_v4(ctx, &peer);
	return SOCK_ALLOW;
}

SEC("cgroup/getpeername6")
int getpeername6(struct bpf_sock_addr *ctx)
{
	struct destination peer = read_v6(ctx);

	restore_dialled(bpf_get_socket_cookie(ctx), &peer);
	write_v6(ctx, &peer);
	return SOCK_ALLOW;
}
