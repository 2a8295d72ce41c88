import type { EndpointSlice } from '../../model/endpoint-slice.ts';
import { familyOf, parseIp } from '../../model/ip.ts';
import type { Op } from '../../model/op.ts';
import type { Service } from '../../model/service.ts';

/** What of an op may be told now. Pure but for what it remembers of default/kubernetes. */
export type ApiGuard = (op: Op) => readonly Op[];

const SERVICE = 'default/kubernetes';
const NAMES = /^kubernetes\.default(?:\.svc(?:\..+)?)?\.?$/;

/**
 * Keeps the agent's own way to the API: where `host` is a VIP of default/kubernetes, nothing may take that Service or its
 * last ready endpoint away, since who could tell us of the next one? What is held back is told once an endpoint is there.
 */
export function createApiGuard(host: string): ApiGuard {
  const parsed = parseIp(host.replace(/^\[|\]$/g, ''));
  const ip = parsed.ok ? parsed.value : undefined;
  let inForce: Service | undefined;
  /** Wanted by the API and told of, by slice name. */
  const wanted = new Map<string, EndpointSlice>();
  const told = new Map<string, EndpointSlice>();

  const isOurs = (service: Service | undefined): boolean => {
    if (service === undefined) return false;
    if (ip === undefined) return NAMES.test(host);
    return [...service.clusterIps, ...service.externalIps, ...service.loadBalancerIps].includes(ip);
  };
  const serves = (slices: ReadonlyMap<string, EndpointSlice>): boolean =>
    [...slices.values()].some(
      ({ family, endpoints }) =>
        (ip === undefined || family === familyOf(ip)) && endpoints.some(({ conditions }) => conditions.ready),
    );
  /** Tells slices, unless that would cut us off. */
  const settle = (): readonly Op[] => {
    if (isOurs(inForce) && serves(told) && !serves(wanted)) return [];
    const ops: Op[] = [];
    for (const [name, slice] of wanted) if (told.get(name) !== slice) ops.push({ op: 'set', object: slice });
    for (const [name, { namespace }] of told) {
      if (!wanted.has(name)) ops.push({ op: 'delete', kind: 'EndpointSlice', namespace, name });
    }
    told.clear();
    for (const [name, slice] of wanted) told.set(name, slice);
    return ops;
  };

  return (op) => {
    switch (op.op) {
      case 'set': {
        const { object } = op;
        if (object.kind === 'Service' && object.path === SERVICE) {
          if (isOurs(inForce) && !isOurs(object)) return [];
          inForce = object;
          return [op];
        }
        if (object.kind !== 'EndpointSlice') return [op];
        if (object.service !== SERVICE && !wanted.has(object.name)) return [op];
        if (object.namespace !== 'default') return [op];
        if (object.service === SERVICE) {
          wanted.set(object.name, object);
          return settle();
        }
        // It is another Service's now.
        wanted.delete(object.name);
        return [...settle(), op];
      }
      case 'delete':
        if (op.namespace !== 'default') return [op];
        if (op.kind === 'Service' && op.name === 'kubernetes') return isOurs(inForce) ? [] : [op];
        if (op.kind !== 'EndpointSlice' || !(wanted.has(op.name) || told.has(op.name))) return [op];
        wanted.delete(op.name);
        return settle();
      case 'reset':
      case 'ignore':
      case 'sync':
        return [op];
    }
  };
}
