import { expect, it } from 'vitest';
import type { PlanJsonFrontend } from '../plan/plan-json.ts';
import { formatPlan, formatTraces } from './plan-table.ts';

it('shows clients that are treated alike together, and what is ignored', () => {
  const forward = (masquerade: boolean, ...endpoints: string[]) =>
    ({ action: 'forward', endpoints, masquerade }) as const;
  const frontend: PlanJsonFrontend = {
    ...{ service: 'ns1/svc1', portName: 'http', kind: 'ClusterIP', address: '10.0.0.1', port: 80, protocol: 'TCP' },
    ...{ family: 'IPv4', affinitySeconds: 0, sourceRanges: [] },
    clients: {
      pod: forward(false, 'a:1'),
      node: forward(true, 'a:1', 'b:1', 'c:1', 'd:1', 'e:1'),
      other: { action: 'drop' },
    },
  };
  const reject = { action: 'reject' } as const;
  const nodePort: PlanJsonFrontend = {
    ...frontend,
    ...{ kind: 'NodePort', address: null, family: 'IPv6' },
    clients: { pod: reject, node: reject, other: reject },
  };
  const ignored = [{ object: 'Service ns1/x', reason: 'because' }];
  expect(formatPlan({ node: 'n', frontends: [frontend, nodePort], ignored })).toBe(`\
SERVICE   KIND       FRONTEND         CLIENT  ACTION
ns1/svc1  ClusterIP  10.0.0.1:80/TCP  pod     a:1
ns1/svc1  ClusterIP  10.0.0.1:80/TCP  node    a:1 b:1 c:1 d:1 and 1 more, masquerade
ns1/svc1  ClusterIP  10.0.0.1:80/TCP  other   drop
ns1/svc1  NodePort   [*]:80/TCP       all     reject

IGNORED        REASON
Service ns1/x  because
`);
});

it('shows traces', () => {
  const trace = {
    packet: 'a b:1/tcp',
    verdict: 'DNAT',
    endpoints: ['c:1', 'd:1'],
    masquerade: true,
    why: 'so',
  } as const;
  expect(formatTraces([trace])).toBe(`\
PACKET     VERDICT  ENDPOINTS  MASQUERADE  WHY
a b:1/tcp  DNAT     c:1 d:1    yes         so
`);
});
