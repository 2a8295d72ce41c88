import { hostname } from 'node:os';
import { type SourceConfig, toPlanConfig, toSource } from '../config.ts';
import { ConfigError } from '../errors.ts';
import { type Packet, parsePacket } from '../plan/packet.ts';
import { toPlanJson } from '../plan/plan-json.ts';
import { createPlanner } from '../plan/planner.ts';
import { trace } from '../plan/trace.ts';
import type { OpSink } from '../source/source.ts';
import type { Context } from './context.ts';
import { openAccess } from './open-access.ts';
import { type OutputFormat, render } from './output.ts';
import { formatPlan, formatTraces } from './plan-table.ts';
import { resolveGiven } from './resolve.ts';
import type { Values } from './setting-value.ts';

export interface PrintPlan {
  readonly given: Values;
  readonly output: OutputFormat;
  readonly packets: readonly string[];
}

/** Prints the state, or what becomes of each packet. */
export async function printPlan({ given, output, packets }: PrintPlan, context: Context): Promise<void> {
  const { values, notices } = await resolveGiven(given);
  for (const { message, names } of notices) context.notice(`${message}: ${names.join(', ')}`);
  const traced = packets.map((text) => ({ text, packet: toPacket(text) }));
  const config = toPlanConfig(values, hostname());
  const planner = createPlanner(config);
  await list(toSource(values), config.nodeName, (ops) => {
    for (const op of ops) planner.apply(op);
  });
  planner.plan();
  const state = planner.state();
  if (traced.length === 0) {
    await context.print(await render(toPlanJson(state), output, formatPlan));
    return;
  }
  const environment = { addresses: state.node.addresses };
  const traces = traced.map(({ text, packet }) => ({ packet: text, ...trace(state, packet, environment) }));
  await context.print(await render(traces, output, formatTraces));
}

async function list(source: SourceConfig, nodeName: string, sink: OpSink): Promise<void> {
  if (source.kind === 'manifests') {
    const { listOnce, openFolder } = await import('../source/manifests/folder.ts');
    for (const ops of listOnce(source.folder, openFolder(source.folder))) sink(ops);
    return;
  }
  const { listCluster } = await import('../source/k8s/list-cluster.ts');
  await listCluster(await openAccess(source), nodeName, sink);
}

function toPacket(text: string): Packet {
  const packet = parsePacket(text);
  if (!packet.ok) throw new ConfigError(`Cannot trace --packet: ${packet.reason}`);
  return packet.value;
}
