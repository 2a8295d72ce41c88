/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once
/* Which service, which verdict, which backend: the decision, the same for sockets and packets. */
#include "count.h"
#include "ip.h"
#include "maps.h"

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define NSEC_PER_SEC 1000000000ull

static __always_inline __u8 column_verdict(column_t column)
{
	return (column >> COLUMN_VERDICT_SHIFT) & 3;
}

static __always_inline __u8 column_flags(column_t column)
{
	return column >> COLUMN_FLAGS_SHIFT;
}

static __always_inline const struct config *get_config(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&config, &zero);
}

static __always_inline const struct frontend *find_frontend(__u32 vip_flags, const struct ip *addr,
							    __be16 port, __u8 proto)
{
	struct frontend_key key = { .addr = *addr, .port = port, .proto = proto };
	const struct frontend *frontend = bpf_map_lookup_elem(&frontends, &key);

	if (frontend || !(vip_flags & VIP_F_NODE))
		return frontend;
	key.addr = ip_unspecified(addr);
	return bpf_map_lookup_elem(&frontends, &key);
}

static __always_inline const struct service *get_service(const struct frontend *frontend)
{
	__u32 id = frontend->service_id;

	return bpf_map_lookup_elem(&services, &id);
}

static __always_inline const column_t *get_column(const struct service *service, __u8 scope,
						  enum client client)
{
	return &service->columns[(scope == SCOPE_INTERNAL ? 0 : CLIENT_COUNT) + client];
}

/* Does this service ask for the client's address before it answers on this frontend? */
static __always_inline bool filters_source(const struct service *service,
					   const struct frontend *frontend)
{
	return frontend->scope == SCOPE_LOAD_BALANCER && (service->flags & SERVICE_F_RANGES);
}

static __always_inline bool source_allowed(__u32 service_id, const struct ip *source)
{
	struct source_range_key key = {
		.prefixlen = 32 + 128,
		.service_id = service_id,
		.addr = *source,
	};
	const struct source_range *range = bpf_map_lookup_elem(&source_ranges, &key);

	return range && range->allow;
}

static __always_inline const struct backend *get_backend(__u32 id)
{
	const struct backend *backend = bpf_map_lookup_elem(&backends, &id);

	return backend && backend->proto ? backend : NULL;
}

static __always_inline __u8 member_flags(__u32 service_id, __u32 backend_id)
{
	struct member_key key = { .service_id = service_id, .backend_id = backend_id };
	const struct member *member = bpf_map_lookup_elem(&members, &key);

	return member ? member->flags : 0;
}

/*
 * A random backend of the column's set. Range and size are read as one word; a slot of another
 * service means that the range was given away since, so the column is read once more.
 */
static __always_inline const struct backend *pick(__u32 service_id, const column_t *column,
						  __u32 *backend_id)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		column_t now = READ_ONCE(*column);
		__u32 size = (now >> COLUMN_SIZE_SHIFT) & 0xffffff;
		__u32 place = (__u32)now + (((__u64)bpf_get_prandom_u32() * size) >> 32);
		const struct slot *slot = bpf_map_lookup_elem(&slots, &place);
		const struct backend *backend;

		if (!size || !slot || slot->service_id != service_id)
			continue;
		*backend_id = slot->backend_id;
		backend = get_backend(*backend_id);
		if (backend)
			return backend;
	}
	count_reason(REASON_STALE_SLOT);
	return NULL;
}

/* The client's last backend while it is in the set and the time has not run out, else a new one. */
static __always_inline const struct backend *
pick_for_client(const struct service *service, __u32 service_id, const column_t *column,
		const struct ip *client, __u32 *backend_id)
{
	struct affinity_key key = { .client = *client, .service_id = service_id };
	__u8 set = column_flags(READ_ONCE(*column)) & COLUMN_F_LOCAL ? MEMBER_F_LOCAL :
								       MEMBER_F_CLUSTER;
	const struct backend *backend;
	struct affinity *known, fresh = {};
	__u64 now;

	if (!service->affinity_sec)
		return pick(service_id, column, backend_id);
	now = bpf_ktime_get_ns();
	known = bpf_map_lookup_elem(&affinities, &key);
	if (known && now - known->last_used_ns <= service->affinity_sec * NSEC_PER_SEC &&
	    member_flags(service_id, known->backend_id) & set) {
		*backend_id = known->backend_id;
		backend = get_backend(*backend_id);
		if (backend) {
			known->last_used_ns = now;
			return backend;
		}
	}
	backend = pick(service_id, column, backend_id);
	if (!backend)
		return NULL;
	fresh.last_used_ns = now;
	fresh.backend_id = *backend_id;
	bpf_map_update_elem(&affinities, &key, &fresh, BPF_ANY);
	return backend;
}
