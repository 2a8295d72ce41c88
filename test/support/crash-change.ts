import { type Addresses, bothOf, NODE, NODE_NAME } from './addresses.ts';
import type { Lab } from './lab.ts';
import { nodeObject, type ServiceSpec, serviceObjects } from './objects.ts';
import { serviceOf, vip } from './world.ts';

/** A second address of the node, on its uplink; the change makes it the first of the Node object. */
export const SECOND_NODE: Addresses = { ipv4: '192.168.0.22', ipv6: '2001:db8::22' };

/** One change from `before` to `after` that takes writes of every kind. */
export interface CrashChange {
  readonly before: readonly object[];
  readonly after: readonly object[];
  /** Every address that serves before or after. */
  readonly vips: readonly string[];
}

/** Pods a and b of the node, and r elsewhere. */
export function crashChange(lab: Lab): CrashChange {
  const services = (moment: 'before' | 'after') => SERVICES.flatMap((each) => specOf(lab, each, moment));
  const vips = [...services('before'), ...services('after')].flatMap(addressesOf);
  return {
    before: [nodeOf([NODE, SECOND_NODE]), ...services('before').flatMap(serviceObjects)],
    after: [nodeOf([SECOND_NODE, NODE]), ...services('after').flatMap(serviceObjects)],
    vips: [...new Set(vips)],
  };
}

/** How a Service looks at one moment; undefined: it is not there. */
type Look =
  | {
      readonly pods: readonly string[];
      readonly name?: string;
      readonly targetPort?: number;
      readonly spec?: object;
      readonly balancer?: Addresses;
    }
  | undefined;

interface ChangingService {
  readonly name: string;
  readonly families: readonly ('ipv4' | 'ipv6')[];
  readonly before: Look;
  readonly after: Look;
}

/** Ports of pods b and r that no other Service leads to: backends that come and go with the change. */
export const OWN_PORTS = { b: 8081, r: 8082 } as const;

const DUAL = ['ipv4', 'ipv6'] as const;
const CLOSED = { loadBalancerSourceRanges: ['203.0.113.0/25', '2600:5200::/64'] };
const GUARDED: Addresses = { ipv4: '198.51.100.30', ipv6: '2001:db8:51::30' };
const OPENED: Addresses = { ipv4: '198.51.100.31', ipv6: '2001:db8:51::31' };
const SHOWN: Addresses = { ipv4: '198.51.100.32', ipv6: '2001:db8:51::32' };

const SERVICES: readonly ChangingService[] = [
  {
    name: 'replaced',
    families: DUAL,
    before: { pods: ['b'], targetPort: OWN_PORTS.b },
    after: { pods: ['r'], targetPort: OWN_PORTS.r },
  },
  { name: 'added', families: ['ipv4'], before: undefined, after: { pods: ['b'] } },
  { name: 'removed', families: ['ipv6'], before: { pods: ['b', 'r'] }, after: undefined },
  {
    name: 'sticky',
    families: ['ipv4'],
    before: { pods: ['b', 'r'] },
    after: { pods: ['b', 'r'], spec: { sessionAffinity: 'ClientIP' } },
  },
  {
    name: 'loose',
    families: ['ipv6'],
    before: { pods: ['b', 'r'], spec: { sessionAffinity: 'ClientIP' } },
    after: { pods: ['b'] },
  },
  { name: 'shrunk', families: ['ipv4'], before: { pods: ['b', 'r'] }, after: { pods: ['r'] } },
  { name: 'grown', families: ['ipv6'], before: { pods: ['r'] }, after: { pods: ['b', 'r'] } },
  { name: 'emptied', families: ['ipv4'], before: { pods: ['b'] }, after: { pods: [] } },
  { name: 'filled', families: ['ipv4'], before: { pods: [] }, after: { pods: ['b'] } },
  {
    name: 'secluded',
    families: ['ipv6'],
    before: { pods: ['r'] },
    after: { pods: ['r'], spec: { internalTrafficPolicy: 'Local' } },
  },
  {
    name: 'guarded',
    families: ['ipv6'],
    before: { pods: ['b'], balancer: GUARDED },
    after: { pods: ['b'], balancer: GUARDED, spec: CLOSED },
  },
  {
    name: 'opened',
    families: ['ipv4'],
    before: { pods: ['b'], balancer: OPENED, spec: CLOSED },
    after: { pods: ['r', 'b'], balancer: OPENED },
  },
  {
    name: 'shown',
    families: ['ipv6'],
    before: { pods: ['b'] },
    after: { pods: ['b'], spec: { externalIPs: bothOf(SHOWN).slice(1), externalTrafficPolicy: 'Local' } },
  },
  {
    name: 'renamed',
    families: ['ipv4'],
    before: { pods: ['b'], name: 'former' },
    after: { pods: ['r'], name: 'latter' },
  },
];

const FIRST_VIP = 60;

function specOf(lab: Lab, service: ChangingService, moment: 'before' | 'after'): readonly ServiceSpec[] {
  const look = service[moment];
  if (look === undefined) return [];
  const own = vip(FIRST_VIP + SERVICES.indexOf(service));
  const { balancer } = look;
  const base = serviceOf(lab, look.name ?? service.name, { vip: own, pods: look.pods });
  const spec: ServiceSpec = {
    ...base,
    targetPort: look.targetPort ?? base.targetPort,
    clusterIPs: service.families.map((family) => own[family]),
    spec: { ...look.spec, ...(balancer && { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }) },
  };
  if (balancer === undefined) return [spec];
  const ingress = service.families.map((family) => ({ ip: balancer[family], ipMode: 'VIP' }));
  return [{ ...spec, status: { loadBalancer: { ingress } } }];
}

function addressesOf({ clusterIPs, spec, status }: ServiceSpec): readonly string[] {
  const { externalIPs = [] } = spec as { readonly externalIPs?: readonly string[] };
  const { loadBalancer } = (status ?? {}) as { readonly loadBalancer?: { ingress: readonly { ip: string }[] } };
  return [...clusterIPs, ...externalIPs, ...(loadBalancer?.ingress ?? []).map(({ ip }) => ip)];
}

function nodeOf(addresses: readonly Addresses[]): object {
  const { status, ...rest } = nodeObject(NODE_NAME, NODE) as { readonly status: object };
  return {
    ...rest,
    status: {
      ...status,
      addresses: addresses.flatMap(bothOf).map((address) => ({ type: 'InternalIP', address })),
    },
  };
}
