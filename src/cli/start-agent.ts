import { hostname } from 'node:os';
import type { Level, Logger } from 'pino';
import { runAgent } from '../agent/agent.ts';
import { type Answer, serveEndpoint } from '../agent/endpoint.ts';
import { createMonitor, type Monitor } from '../agent/monitor.ts';
import { createReadyFile } from '../agent/ready-file.ts';
import type { Backend } from '../backend/backend.ts';
import type { BpfBackendOptions } from '../backend/bpf/driver.ts';
import { type RunConfig, toRunConfig } from '../config.ts';
import { ConfigError } from '../errors.ts';
import type { ListenAddress } from '../listen-address.ts';
import { createLogger } from '../log.ts';
import { createPlanner } from '../plan/planner.ts';
import { collectGarbage } from '../sys/garbage.ts';
import { keepHeapCompact } from '../sys/heap.ts';
import { VERSION } from '../version.ts';
import { setSystemTimer } from '../wake.ts';
import type { Context } from './context.ts';
import { openSource } from './open-source.ts';
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

async function run(config: RunConfig, log: Logger, signal: AbortSignal): Promise<void> {
  const planner = createPlanner(config.plan);
  const clocks = { wall: () => Date.now(), monotonic: () => performance.now() };
  const monitor = createMonitor({ clocks, planner, mode: 'bpf', version: VERSION });
  using readyFile = createReadyFile(config.readyFile);
  await runAgent({
    source: openSource(config, log),
    planner,
    openBackend: (opening) => openBackend(config, { log, ...opening, onStandby: () => readyFile.mark() }),
    log,
    observer: monitor,
    now: clocks.monotonic,
    setTimer: setSystemTimer,
    onTold: () => void importDriver().catch(() => undefined), // openBackend() asks again, and hears of it
    onStarted() {
      keepHeapCompact(signal);
      readyFile.mark();
      serveEndpoints(config, { monitor, log, signal });
    },
    signal,
  });
}

type Wiring = Pick<BpfBackendOptions, 'log' | 'requestSync' | 'meanwhile' | 'signal' | 'onStandby'>;

/** Only when it is needed, and while the API server answers: it takes as long to read as half of the agent. */
const importDriver = () => import('../backend/bpf/driver.ts');

async function openBackend(config: RunConfig, wiring: Wiring): Promise<Backend> {
  const { createBpfBackend } = await importDriver();
  const { nodeName } = config.plan;
  wiring.log.info({ version: VERSION, node: nodeName, bpffs: config.bpffs }, 'agent takes the node');
  const { bpffs, cgroup, socketHooks, uplinks, podDevices, standby } = config;
  const podName = process.env['POD_NAME'] ?? ''; // by the downward API
  const meanwhile = (): void => {
    wiring.meanwhile();
    collectGarbage(); // the sync needs room
  };
  return createBpfBackend({
    ...wiring,
    meanwhile,
    bpffs,
    cgroup,
    socketHooks,
    uplinks,
    podDevices,
    standby,
    nodeName,
    podName,
  });
}

/** From the first sync on: who asks a port asks for the node, and a standby would answer for another agent's work. */
function serveEndpoints(
  { healthz, metrics }: RunConfig,
  { monitor, log, signal }: { readonly monitor: Monitor; readonly log: Logger; readonly signal: AbortSignal },
): void {
  const serve = (name: string, address: ListenAddress | undefined, answer: (path: string) => Answer | undefined) => {
    if (address === undefined) return;
    void serveEndpoint({ name, address, answer, log, setTimer: setSystemTimer, signal });
  };
  serve('healthz', healthz, (path) => monitor.answerHealth(path));
  serve('metrics', metrics, (path) => monitor.answerMetrics(path));
}
