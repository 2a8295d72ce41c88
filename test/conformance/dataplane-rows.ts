import { type PlanConfig, parseNodePortAddresses } from '../../src/plan/config.ts';
import { NODE, OTHER_NODE, type RawObject, rawNode, rawService } from './objects.ts';
import { CONFIG, cidr } from './plan-objects.ts';
import {
  readDataplaneGroups,
  type VectorEndpoint,
  type VectorGroup,
  type VectorPacket,
  type VectorService,
} from './vectors.ts';

/** What a new connection must meet, whoever interprets the plan. */
export interface Expected {
  readonly verdict: 'DNAT' | 'REJECT' | 'DROP' | 'PASS';
  /** Exactly the possible choices, sorted. */
  readonly endpoints: readonly string[];
  /** The endpoint sees a node address. */
  readonly masquerade: boolean;
}

/** One packet of the conformance table. */
export interface DataplaneRow {
  /** "M1 base: pod to ClusterIP": unique. */
  readonly name: string;
  /** All objects of the cluster as the API prints them, the Node NODE included. */
  readonly objects: readonly RawObject[];
  readonly config: PlanConfig;
  readonly nodeIps: readonly string[];
  readonly packet: {
    readonly source: string;
    readonly destination: string;
    readonly port: number;
    readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  };
  readonly expected: Expected;
}

/** Every packet of vectors/dataplane.json, in its order; rows of one group share `objects` and `config`. */
export function readDataplaneRows(): readonly DataplaneRow[] {
  return readDataplaneGroups().flatMap((group) => {
    const { config } = group;
    const nodeIps = [config.primaryNodeIP, ...config.nodeIPs.filter((ip) => ip !== config.primaryNodeIP)];
    const shared = {
      objects: [rawNode(nodeIps), ...group.services.flatMap(toObjects)],
      config: toConfig(group),
      nodeIps,
    };
    return group.packets.map(
      (packet): DataplaneRow => ({
        name: `${group.id}: ${packet.name}`,
        ...shared,
        packet: { source: packet.src, destination: packet.dst, port: packet.dport, protocol: packet.protocol },
        expected: toExpected(group, packet),
      }),
    );
  });
}

function toExpected(group: VectorGroup, packet: VectorPacket): Expected {
  // kube-proxy's iptables mode leaves an unknown port of a ClusterIP alone; we follow its nftables mode.
  const isUnknownPort = group.id.startsWith('C1') && packet.verdict === 'PASS';
  const verdict = isUnknownPort ? 'REJECT' : packet.verdict;
  return { verdict, endpoints: [...packet.endpoints].sort(), masquerade: packet.masquerade };
}

function toConfig({ config }: VectorGroup): PlanConfig {
  const { masqueradeAll, localhostNodePorts } = config;
  const selectors = parseNodePortAddresses(
    (config.nodePortIPs ?? []).map((ip) => `${ip}/${ip.includes(':') ? 128 : 32}`),
  );
  if (!selectors.ok) throw new Error(selectors.reason);
  const clusterCidrs = config.localCIDR === null ? [] : [cidr(config.localCIDR)];
  return { ...CONFIG, masqueradeAll, localhostNodePorts, clusterCidrs, nodePortAddresses: selectors.value };
}

/** The Service and a slice per port: ports of a vector have endpoints of their own. */
function toObjects(service: VectorService): readonly RawObject[] {
  const [namespace, name] = service.name.split('/');
  const portNameOf = (index: number): string => (service.ports.length === 1 ? '' : `p${index}`);
  const ports = service.ports.map(({ port, protocol, nodePort }, index) => {
    return { name: portNameOf(index), port, protocol, ...(nodePort === 0 ? {} : { nodePort }) };
  });
  const raw = rawService({
    metadata: { namespace, name },
    spec: {
      type: service.loadBalancerVIPs.length > 0 ? 'LoadBalancer' : 'NodePort',
      clusterIP: service.clusterIP,
      clusterIPs: [service.clusterIP],
      ports,
      externalTrafficPolicy: service.externalTrafficPolicy,
      internalTrafficPolicy: service.internalTrafficPolicy,
      externalIPs: service.externalIPs,
      loadBalancerSourceRanges: service.loadBalancerSourceRanges,
    },
    status: { loadBalancer: { ingress: service.loadBalancerVIPs.map((ip) => ({ ip, ipMode: 'VIP' })) } },
  });
  const slices = service.ports.map(({ protocol, endpoints }, index) =>
    toSlice(endpoints, { namespace, service: name, portName: portNameOf(index), protocol }),
  );
  return [raw, ...slices];
}

/** Endpoints of one port number: vectors have no others. */
export function toSlice(
  endpoints: readonly VectorEndpoint[],
  of: {
    readonly namespace: string | undefined;
    readonly service: string | undefined;
    readonly portName: string;
    readonly protocol: string;
  },
): RawObject {
  const split = endpoints.map(({ addr }) => addr.lastIndexOf(':'));
  const port = Number(endpoints[0]?.addr.slice((split[0] ?? 0) + 1) ?? 80);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: of.namespace,
      name: `${of.service}-${of.portName || 'only'}`,
      labels: { 'kubernetes.io/service-name': of.service },
    },
    addressType: endpoints[0]?.addr.startsWith('[') ? 'IPv6' : 'IPv4',
    ports: [{ name: of.portName, port, protocol: of.protocol }],
    endpoints: endpoints.map((endpoint, index) => ({
      addresses: [endpoint.addr.slice(0, split[index]).replace(/[[\]]/g, '')],
      conditions: { ready: endpoint.ready, serving: endpoint.serving, terminating: endpoint.terminating },
      nodeName: endpoint.local ? NODE : OTHER_NODE,
      hints: {
        forZones: endpoint.zoneHints.map((zone) => ({ name: zone })),
        forNodes: endpoint.nodeHints.map((node) => ({ name: node })),
      },
    })),
  };
}
