import { expect, test } from 'vitest';
import type { PlanConfig } from '../../src/plan/config.ts';
import { toPlanJson } from '../../src/plan/plan-json.ts';
import { formatEndpoints } from '../../src/plan/trace.ts';
import { toSlice } from './dataplane-rows.ts';
import { NODE, type RawObject, rawNode, rawService } from './objects.ts';
import { CONFIG, planObjects } from './plan-objects.ts';
import { readTopologyCases, type TopologyCase } from './vectors.ts';

const cases = readTopologyCases();

test('has every case of the table', () => {
  expect(cases.length).toBe(19);
});

test.each(cases)('planner: $id $name', (row) => {
  const config: PlanConfig = { ...CONFIG, preferSameTrafficDistribution: row.gates.PreferSameTrafficDistribution };
  const state = planObjects(toObjects(row), config).state();
  const [servicePort, ...others] = [...state.servicePorts.values()];
  if (servicePort === undefined) throw new Error('Nothing was planned');
  const cluster = formatEndpoints(servicePort.cluster);
  const local = formatEndpoints(servicePort.local);
  const rejects = toPlanJson(state).frontends.some(({ clients }) => clients.other.action === 'reject');
  expect({ cluster, local, reachable: [...new Set([...cluster, ...local])].sort(), hasAny: !rejects, others }).toEqual({
    cluster: row.expect.cluster ?? [],
    local: row.expect.local ?? [],
    reachable: row.expect.reachable ?? [],
    hasAny: row.expect.hasAnyEndpoints,
    others: [],
  });
});

/** The case on this suite's node: cases without hints for nodes leave the name open. */
function toObjects(row: TopologyCase): readonly RawObject[] {
  const { service } = row;
  const policy = (isLocal: boolean): string => (isLocal ? 'Local' : 'Cluster');
  const endpoints = row.endpoints.map((endpoint) => ({
    ...endpoint,
    nodeHints: endpoint.nodeHints.map((hint) => (hint === row.node.name ? NODE : hint)),
  }));
  return [
    rawNode(['192.168.0.2'], row.node.zone === null ? {} : { zone: row.node.zone }),
    rawService({
      spec: {
        ports: [{ port: 80, protocol: 'TCP', ...(service.nodePort === 0 ? {} : { nodePort: service.nodePort }) }],
        internalTrafficPolicy: policy(service.internalTrafficPolicyLocal),
        externalTrafficPolicy: policy(service.externalTrafficPolicyLocal),
        externalIPs: service.externalIPs,
      },
      status: { loadBalancer: { ingress: service.loadBalancerVIPs.map((ip) => ({ ip })) } },
    }),
    toSlice(endpoints, { namespace: 'ns1', service: 'svc1', portName: '', protocol: 'TCP' }),
  ];
}
