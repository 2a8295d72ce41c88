import { hostname } from 'node:os';
import type { Level, Logger } from 'pino';
import { runAgent } from '../agent/agent.ts';
import { type RunConfig, toRunConfig } from '../config.ts';
import { ConfigError } from '../errors.ts';
import { createLogger } from '../log.ts';
import { createPlanner } from '../plan/planner.ts';
import { followManifests } from '../source/manifests/follow.ts';
import { compactHeap } from '../sys/heap.ts';
import { VERSION } from '../version.ts';
import { setSystemTimer } from '../wake.ts';
import type { Context } from './context.ts';
import { resolveGiven } from './resolve.ts';
import type { Values } from './setting-value.ts';

/** Runs the agent until a signal ends it. */
export async function startAgent(given: Values, context: Context): Promise<void> {
  const { values, notices } = await resolveGiven(given);
  const config = toRunConfig(values, hostname());
  const signal = context.takeSignals();
  const log = await createLogger((values.get('log-level') ?? 'info') as Level); // one of its choices
  for (const { message, names } of notices) log.warn({ names }, message);
  try {
    await run(config, log, signal);
    log.info('agent ends, the dataplane stays');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const stack = error instanceof Error && log.isLevelEnabled('debug') ? { stack: error.stack } : {};
    log.fatal({ reason: error instanceof Error ? error.message : String(error), ...stack }, 'agent failed');
    context.setExitCode(1);
  }
}

function run(config: RunConfig, log: Logger, signal: AbortSignal): Promise<void> {
  return runAgent({
    source: (sink, ended) => followManifests({ directory: config.manifests, sink, signal: ended, log }),
    planner: createPlanner(config.plan),
    openBackend: async (requestSync, ended) => {
      const { createBpfBackend } = await import('../backend/bpf/driver.ts');
      log.info({ version: VERSION, node: config.plan.nodeName, bpffs: config.bpffs }, 'agent takes the node');
      const { bpffs, cgroup, socketHooks, uplinks, podDevices, standby } = config;
      return createBpfBackend({
        ...{ bpffs, cgroup, socketHooks, uplinks, podDevices, standby, log, requestSync },
        signal: ended,
        nodeName: config.plan.nodeName,
        podName: process.env['POD_NAME'] ?? '', // by the downward API
      });
    },
    log,
    now: () => performance.now(),
    setTimer: setSystemTimer,
    onStarted: compactHeap,
    signal,
  });
}
