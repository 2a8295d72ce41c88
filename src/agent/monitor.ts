import type { Planner } from '../plan/planner.ts';
import type { Answer } from './endpoint.ts';
import { type Clocks, createHealth } from './health/health.ts';
import { answerHealth } from './health/health-answer.ts';
import { createAgentMetrics } from './metrics/agent-metrics.ts';
import { createReading } from './metrics/metric.ts';
import { processMetrics } from './metrics/process-metrics.ts';
import { formatMetrics, TEXT_FORMAT } from './metrics/text-format.ts';
import type { AgentObserver } from './observer.ts';

/** Follows the agent and answers for it, as kube-proxy does on its two ports. undefined: no such path. */
export interface Monitor extends AgentObserver {
  answerHealth(path: string): Answer | undefined;
  answerMetrics(path: string): Answer | undefined;
}

export interface MonitorOptions {
  readonly clocks: Clocks;
  readonly planner: Pick<Planner, 'isNodeEligible' | 'state'>;
  /** What tools that know kube-proxy read as its mode. */
  readonly mode: string;
  readonly version: string;
}

export function createMonitor({ clocks, planner, mode, version }: MonitorOptions): Monitor {
  const health = createHealth(clocks);
  const metrics = createAgentMetrics(clocks, () => planner.state());
  const build = { name: 'bpfsvc_build_info', help: 'Version of the program.', type: 'gauge' } as const;
  const list = [
    createReading(build, () => [[{ version, mode }, 1]]),
    ...metrics.list,
    ...processMetrics(clocks.wall()),
  ];
  return {
    received: (ops) => metrics.received(ops),
    queued() {
      health.queued();
      metrics.queued();
    },
    synced(sync) {
      health.updated();
      metrics.synced(sync);
    },
    failed: () => metrics.failed(),
    answerHealth(path) {
      const answer = answerHealth(path, health.report(), planner.isNodeEligible);
      const counter = path === '/healthz' ? metrics.healthz : metrics.livez;
      if (answer !== undefined) counter.add(1, { code: String(answer.status) });
      return answer;
    },
    answerMetrics(path) {
      switch (path) {
        case '/metrics':
          return { status: 200, headers: { 'content-type': TEXT_FORMAT }, body: formatMetrics(list) };
        case '/healthz':
          return { status: 200, headers: PLAIN, body: 'ok' };
        case '/proxyMode':
          return { status: 200, headers: PLAIN, body: mode };
        default:
          return undefined;
      }
    },
  };
}

const PLAIN = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
