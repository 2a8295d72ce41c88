import { setTimeout as pause } from 'node:timers/promises';
import { Agent, cleanup } from '../../test/support/agent.ts';
import { Lab } from '../../test/support/lab.ts';
import { localPod } from '../../test/support/lab-spec.ts';
import { measureChanges } from './change-latency.ts';
import { emptyFolder, type Format, writeCluster } from './cluster-folder.ts';
import { cpuMsOf, type Memory, memoryOf } from './process-usage.ts';
import { median, quantile, type Result } from './result.ts';

/** Their devices are what the agent looks after. */
const PODS = [1, 2, 3, 4, 5, 6];
const STARTS = { json: 3, yaml: 2 } as const;
const SETTLE_MS = 3_000;
/** V8's own tidying after a start comes 30 s later and is over by then: it is not what an idle agent does. */
const REST_MS = 45_000;
const IDLE_MS = 60_000;

/** Far beyond the limits: what is too slow is measured, too. */
const DEADLINE_MS = 60_000;

interface Start extends Memory {
  readonly seconds: number;
  /** Of all threads, user and system. */
  readonly cpuSeconds: number;
}

/** The agent with 10,000 Services of 10 endpoints: starts, restarts, a changed endpoint, idleness. */
export async function benchScale(): Promise<readonly Result[]> {
  const pods = PODS.map((number) => localPod(`pod-${number}`, number));
  const lab = await Lab.create({ wiring: { kind: 'routed' }, pods });
  try {
    await writeCluster(lab.manifests, 'yaml');
    const yaml = await coldStarts(lab, 'yaml');
    await emptyFolder(lab.manifests);
    await writeCluster(lab.manifests, 'json');
    const json = await coldStarts(lab, 'json');
    const restarts = await warmStarts(lab);
    const agent = await Agent.start(lab);
    await pause(REST_MS);
    const idle = await idlePercent(agent.pid);
    const changes = await measureChanges(lab);
    await agent.stop();
    return [
      figure('start from JSON to in sync', 's', { limit: 3, runs: json.map(({ seconds }) => seconds) }),
      figure('start from JSON, processor time', 's', { runs: json.map(({ cpuSeconds }) => cpuSeconds) }),
      figure('start from YAML to in sync', 's', { limit: 8, runs: yaml.map(({ seconds }) => seconds) }),
      figure('start from YAML, processor time', 's', { runs: yaml.map(({ cpuSeconds }) => cpuSeconds) }),
      figure('resident memory, 3 s after sync', 'MB', { limit: 120, runs: json.map(({ rssMb }) => rssMb) }),
      figure('resident memory, peak until then', 'MB', { runs: json.map(({ peakRssMb }) => peakRssMb) }),
      figure('restart with nothing to change', 's', { limit: 2, runs: restarts.map(({ seconds }) => seconds) }),
      figure('restart, processor time', 's', { runs: restarts.map(({ cpuSeconds }) => cpuSeconds) }),
      { name: 'changed endpoint to map, median', unit: 'ms', value: median(changes), runs: changes },
      { name: 'changed endpoint to map, p99', unit: 'ms', value: quantile(changes, 0.99), runs: changes, limit: 5 },
      { name: 'processor time when idle', unit: '%', value: idle, runs: [idle], limit: 0.5 },
    ];
  } finally {
    await lab.dispose();
  }
}

function figure(name: string, unit: string, of: { readonly limit?: number; readonly runs: readonly number[] }): Result {
  return { name, unit, value: median(of.runs), ...of };
}

/** Each with nothing of an earlier run in the kernel. */
async function coldStarts(lab: Lab, format: Format): Promise<readonly Start[]> {
  const starts: Start[] = [];
  for (let run = 0; run < STARTS[format]; run++) {
    starts.push(await startOnce(lab));
    await cleanup(lab);
  }
  return starts;
}

async function warmStarts(lab: Lab): Promise<readonly Start[]> {
  await startOnce(lab);
  const starts: Start[] = [];
  for (let run = 0; run < STARTS.json; run++) starts.push(await startOnce(lab));
  return starts;
}

/** From the start of the process until it says that the kernel agrees; then stopped. */
async function startOnce(lab: Lab): Promise<Start> {
  const started = performance.now();
  const agent = await Agent.launch(lab);
  await agent.logged('dataplane in sync', DEADLINE_MS);
  const seconds = (performance.now() - started) / 1000;
  const cpuSeconds = cpuMsOf(agent.pid) / 1000;
  await pause(SETTLE_MS);
  const memory = memoryOf(agent.pid);
  await agent.stop();
  return { seconds, cpuSeconds, ...memory };
}

/** Of one processor. */
async function idlePercent(pid: number): Promise<number> {
  const [from, since] = [cpuMsOf(pid), performance.now()];
  await pause(IDLE_MS);
  return (100 * (cpuMsOf(pid) - from)) / (performance.now() - since);
}
