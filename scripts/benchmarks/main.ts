import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { benchApi } from './api/bench.ts';
import { benchConnect } from './connect.ts';
import { benchFaults } from './faults.ts';
import { describeMachine } from './machine.ts';
import { benchPackets } from './packet.ts';
import type { Result } from './result.ts';
import { benchScale } from './scale.ts';
import { formatTable } from './table.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<readonly Result[]> | readonly Result[]>> = {
  packet: benchPackets,
  connect: benchConnect,
  scale: benchScale,
  api: benchApi,
  faults: benchFaults,
};
const USAGE = `usage: scripts/bench [NAME...] [--json FILE]
names: ${Object.keys(BENCHMARKS).join(', ')}; none: all of them
example: scripts/bench connect --json connect.json`;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = { json: { type: 'string' }, help: { type: 'boolean' } } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  if (parsed.values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const unknown = parsed.positionals.find((name) => BENCHMARKS[name] === undefined);
  if (unknown !== undefined) {
    console.error(`bench: Cannot run "${unknown}": no benchmark is called so\n${USAGE}`);
    return 2;
  }
  const names = parsed.positionals.length > 0 ? parsed.positionals : Object.keys(BENCHMARKS);
  const machine = describeMachine();
  const { cpu, cpus, memoryMb, kernel, node } = machine;
  console.log(`${cpu}, ${cpus} processors, ${memoryMb} MB, Linux ${kernel}, Node ${node}`);
  const results: Result[] = [];
  for (const name of names) {
    console.error(`bench: ${name}`);
    results.push(...((await BENCHMARKS[name]?.()) ?? []));
  }
  console.log(formatTable(results));
  if (parsed.values.json !== undefined) {
    writeFileSync(parsed.values.json, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
  }
  return 0;
}
