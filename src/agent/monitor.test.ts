import { expect, test } from 'vitest';
import { parseObject } from '../model/object.ts';
import type { Op } from '../model/op.ts';
import { createPlanner } from '../plan/planner.ts';
import { createMonitor, type Monitor } from './monitor.ts';

const NOW = Date.UTC(2026, 10, 24, 2, 0, 0);
const CONFIG = {
  nodeName: 'node-a',
  clusterCidrs: [],
  detectLocalMode: 'ClusterCIDR',
  masqueradeAll: false,
  nodePortAddresses: [],
  localhostNodePorts: true,
  preferSameTrafficDistribution: true,
} as const;
const REPORT = { writes: 7, frontends: 3, backends: 2, refused: [{ service: 'ns/x', reason: 'full' }], tookMs: 4 };

function start() {
  const planner = createPlanner(CONFIG);
  const clocks = { wall: () => NOW, monotonic: () => 0 };
  return { planner, monitor: createMonitor({ clocks, planner, mode: 'bpf', version: '1.2.3' }) };
}

function set(raw: object): Op {
  const parsed = parseObject(raw);
  if (!parsed.ok) throw new Error(parsed.reason);
  return { op: 'set', object: parsed.value };
}

const metadata = { namespace: 'ns', name: 'a' };
const LOCAL = set({
  ...{ apiVersion: 'v1', kind: 'Service', metadata },
  spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }], internalTrafficPolicy: 'Local' },
});
const REMOTE = set({
  ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
  metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'a' } },
  endpoints: [{ addresses: ['10.1.0.1'], nodeName: 'node-b' }],
  ports: [{ name: '', port: 8080 }],
});

function samples(monitor: Monitor, pattern: RegExp): readonly string[] {
  const { body } = monitor.answerMetrics('/metrics') ?? { body: '' };
  return body.split('\n').filter((line) => !line.startsWith('#') && pattern.test(line));
}

test("kube-proxy's metrics follow what the agent does", () => {
  const { planner, monitor } = start();
  const ops: readonly Op[] = [LOCAL, REMOTE, REMOTE, { op: 'delete', kind: 'Service', namespace: 'ns', name: 'b' }];
  for (const op of ops) planner.apply(op);
  monitor.received(ops);
  planner.plan();
  expect(samples(monitor, /changes/)).toEqual([
    'kubeproxy_sync_proxy_rules_service_changes_total 2',
    'kubeproxy_sync_proxy_rules_service_changes_pending 2',
    'kubeproxy_sync_proxy_rules_endpoint_changes_total 2',
    'kubeproxy_sync_proxy_rules_endpoint_changes_pending 2',
  ]);
  monitor.queued();
  monitor.failed();
  monitor.queued();
  monitor.received([REMOTE]); // waits for the next sync
  monitor.synced({ isFull: true, tookMs: 3, report: REPORT });
  expect(samples(monitor, /pending|timestamp|^bpfsvc|no_local|(le="0.00[24]").*|_count/)).toEqual([
    'bpfsvc_build_info{version="1.2.3",mode="bpf"} 1',
    'kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.002"} 0',
    'kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.004"} 1',
    'kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv4"} 1',
    'kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv6",le="0.002"} 0',
    'kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv6",le="0.004"} 1',
    'kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv6"} 1',
    'kubeproxy_sync_full_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.002"} 0',
    'kubeproxy_sync_full_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.004"} 1',
    'kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family="IPv4"} 1',
    'kubeproxy_sync_full_proxy_rules_duration_seconds_bucket{ip_family="IPv6",le="0.002"} 0',
    'kubeproxy_sync_full_proxy_rules_duration_seconds_bucket{ip_family="IPv6",le="0.004"} 1',
    'kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family="IPv6"} 1',
    'kubeproxy_sync_proxy_rules_service_changes_pending 0',
    'kubeproxy_sync_proxy_rules_endpoint_changes_pending 1',
    `kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"} ${NOW / 1000}`,
    `kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv6"} ${NOW / 1000}`,
    `kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv4"} ${NOW / 1000}`,
    `kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv6"} ${NOW / 1000}`,
    'kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family="IPv4",traffic_policy="internal"} 1',
    'kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family="IPv4",traffic_policy="external"} 0',
    'kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family="IPv6",traffic_policy="internal"} 0',
    'kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family="IPv6",traffic_policy="external"} 0',
    'bpfsvc_sync_failures_total 1',
    'bpfsvc_kernel_writes_total 7',
    'bpfsvc_frontends 3',
    'bpfsvc_backends 2',
    'bpfsvc_refused_services 1',
    'bpfsvc_ignored_objects 0',
  ]);
});

test('health questions are counted by what they were told', () => {
  const { planner, monitor } = start();
  monitor.answerHealth('/healthz');
  planner.apply(
    set({
      ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' } },
      spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] },
    }),
  );
  monitor.answerHealth('/healthz');
  monitor.answerHealth('/livez');
  monitor.answerHealth('/other');
  expect(samples(monitor, /proxy_(?:healthz|livez)/)).toEqual([
    'kubeproxy_proxy_healthz_total{code="200"} 1',
    'kubeproxy_proxy_healthz_total{code="503"} 1',
    'kubeproxy_proxy_livez_total{code="200"} 1',
  ]);
});

test("the other paths of kube-proxy's metrics port", () => {
  const { monitor } = start();
  const ask = (path: string) => monitor.answerMetrics(path)?.body;
  expect([ask('/healthz'), ask('/proxyMode'), ask('/livez')]).toEqual(['ok', 'bpf', undefined]);
});
