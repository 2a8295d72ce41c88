import type { SyncReport } from '../../backend/backend.ts';
import type { DataplaneState } from '../../plan/state.ts';
import type { Clocks } from '../health/health.ts';
import type { AgentObserver } from '../observer.ts';
import {
  type Counter,
  createCounter,
  createGauge,
  createHistogram,
  createReading,
  type Labels,
  type Metric,
} from './metric.ts';
import { countNoLocalEndpoints } from './no-local-endpoints.ts';

export interface AgentMetrics extends AgentObserver {
  readonly list: readonly Metric[];
  /** kube-proxy's proxy_healthz_total and proxy_livez_total. */
  readonly healthz: Counter;
  readonly livez: Counter;
}

const PREFIX = 'kubeproxy_';
/** One sync writes both families; kube-proxy tells them apart. */
const FAMILIES: readonly Labels[] = [{ ip_family: 'IPv4' }, { ip_family: 'IPv6' }];
/** From 1 ms to 16 s. */
const DURATIONS = Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power);

/** kube-proxy's metrics, by its names, as far as they mean something here, and our own as bpfsvc_…. */
export function createAgentMetrics(clocks: Clocks, state: () => DataplaneState): AgentMetrics {
  const duration = (name: string, help: string) =>
    createHistogram(`${PREFIX}sync_${name}_duration_seconds`, help, DURATIONS);
  const all = duration('proxy_rules', 'SyncProxyRules latency in seconds');
  const full = duration('full_proxy_rules', 'SyncProxyRules latency in seconds for full resyncs');
  const partial = duration('partial_proxy_rules', 'SyncProxyRules latency in seconds for partial resyncs');
  const serviceChanges = createChanges('service', 'Service');
  const endpointChanges = createChanges('endpoint', 'EndpointSlice');
  const failures = createCounter('bpfsvc_sync_failures_total', 'Syncs that the kernel refused.', {});
  const writes = createCounter('bpfsvc_kernel_writes_total', 'Rows written to the maps.', {});
  const healthz = createCounter(`${PREFIX}proxy_healthz_total`, 'Cumulative proxy healthz HTTP status');
  const livez = createCounter(`${PREFIX}proxy_livez_total`, 'Cumulative proxy livez HTTP status');
  let lastQueuedMs: number | undefined;
  let lastSyncedMs: number | undefined;
  let last: SyncReport | undefined;

  const ofFamilies = (name: string, help: string, readMs: () => number | undefined): Metric =>
    createReading({ name: `${PREFIX}sync_proxy_rules_${name}`, help, type: 'gauge' }, () => {
      const ms = readMs();
      return ms === undefined ? [] : FAMILIES.map((labels) => [labels, ms / 1000] as const);
    });
  const ofReport = (name: string, help: string, read: (report: SyncReport) => number): Metric =>
    createGauge(`bpfsvc_${name}`, help, () => last && read(last));

  return {
    list: [
      ...[all, full, partial, ...serviceChanges.list, ...endpointChanges.list],
      ofFamilies('last_timestamp_seconds', 'The last time proxy rules were successfully synced', () => lastSyncedMs),
      ofFamilies('last_queued_timestamp_seconds', 'The last time a sync of proxy rules was queued', () => lastQueuedMs),
      createReading(
        {
          name: `${PREFIX}sync_proxy_rules_no_local_endpoints_total`,
          help: 'Number of services with a Local traffic policy and no endpoints',
          type: 'gauge',
        },
        () => countNoLocalEndpoints(state()),
      ),
      ...[healthz, livez, failures, writes],
      ofReport('frontends', 'Addresses and ports that are served.', ({ frontends }) => frontends),
      ofReport('backends', 'Endpoints that are served to.', ({ backends }) => backends),
      ofReport('refused_services', 'Services that do not fit into the maps.', ({ refused }) => refused.length),
      createGauge(
        'bpfsvc_ignored_objects',
        'Objects, or parts of them, that were refused.',
        () => state().ignored.length,
      ),
    ],
    ...{ healthz, livez },
    received(ops) {
      for (const op of ops) {
        const kind = op.op === 'set' ? op.object.kind : op.op === 'delete' ? op.kind : undefined;
        if (kind === 'Service') serviceChanges.count();
        if (kind === 'EndpointSlice') endpointChanges.count();
      }
    },
    queued() {
      serviceChanges.take();
      endpointChanges.take();
      lastQueuedMs = clocks.wall();
    },
    synced({ isFull, tookMs, report }) {
      for (const labels of FAMILIES) {
        for (const histogram of [all, isFull ? full : partial]) histogram.observe(tookMs / 1000, labels);
      }
      writes.add(report.writes);
      serviceChanges.settle();
      endpointChanges.settle();
      lastSyncedMs = clocks.wall();
      last = report;
    },
    failed: () => failures.add(1),
  };
}

/** Changes of one kind of object, and how many of them wait for a sync. */
function createChanges(name: string, kind: string) {
  const changes = `${PREFIX}sync_proxy_rules_${name}_changes`;
  let total = 0;
  let pending = 0;
  let taken = 0;
  return {
    list: [
      createReading({ name: `${changes}_total`, help: `Cumulative ${kind} changes`, type: 'counter' }, () => [
        [{}, total],
      ]),
      createGauge(`${changes}_pending`, `Pending ${kind} changes`, () => pending),
    ],
    count() {
      total += 1;
      pending += 1;
    },
    /** A sync begins with what there is now. */
    take() {
      taken = pending;
    },
    /** It succeeded. */
    settle() {
      pending -= taken;
      taken = 0;
    },
  };
}
