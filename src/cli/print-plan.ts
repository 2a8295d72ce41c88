import { hostname } from 'node:os';
import { toManifests, toPlanConfig } from '../config.ts';
import { ConfigError } from '../errors.ts';
import { type Packet, parsePacket } from '../plan/packet.ts';
import { toPlanJson } from '../plan/plan-json.ts';
import { createPlanner } from '../plan/planner.ts';
import { trace } from '../plan/trace.ts';
import { listOnce, openFolder } from '../source/manifests/folder.ts';
import type { Context } from './context.ts';
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
  const planner = createPlanner(toPlanConfig(values, hostname()));
  const directory = toManifests(values);
  for (const ops of listOnce(directory, openFolder(directory))) {
    for (const op of ops) planner.apply(op);
  }
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

function toPacket(text: string): Packet {
  const packet = parsePacket(text);
  if (!packet.ok) throw new ConfigError(`Cannot trace --packet: ${packet.reason}`);
  return packet.value;
}
