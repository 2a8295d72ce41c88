import { join } from 'node:path';
import { AttachType, ProgramType } from '../../src/sys/bpf-constants.ts';
import { attachCgroup } from '../../src/sys/bpf-link.ts';
import { Program } from '../../src/sys/bpf-program.ts';
import { assemble, exit, moveImmediate } from '../../src/sys/instructions.ts';
import { NODE, NODE_NAME, podAddresses } from '../../test/support/addresses.ts';
import { Agent } from '../../test/support/agent.ts';
import { Lab } from '../../test/support/lab.ts';
import { nodeObject, serviceObjects } from '../../test/support/objects.ts';
import { REPOSITORY } from '../../test/support/repository.ts';
import { besidePeer, median, type Result } from './result.ts';

const RUNS = 5;
const ROUNDS = 1_000;
const PORT = 80;
const VIP = { ipv4: '172.30.0.10', ipv6: 'fd00:172:30::10' };
/** connect() of a UDP socket sends nothing: nobody has to be there. */
const BACKEND = podAddresses('remote', 1);
const BACKEND_PORT = 8080;
const WAYS = ['without', 'empty', 'miss', 'hit'] as const;
type Way = (typeof WAYS)[number];

/** Microseconds that connect() takes longer than with an empty program at the same hook. */
export async function benchConnect(): Promise<readonly Result[]> {
  const lab = await Lab.create({ wiring: { kind: 'routed' }, pods: [] });
  try {
    const { name, clusterIPs } = { name: 'bench', clusterIPs: [VIP.ipv4, VIP.ipv6] };
    const service = { name, clusterIPs, port: PORT, targetPort: BACKEND_PORT, endpoints: [{ addresses: BACKEND }] };
    await lab.manifests.write('services', [nodeObject(NODE_NAME, NODE), ...serviceObjects(service)]);
    const [without, empty, ours] = [
      await lab.makeCgroup('without'),
      await lab.makeCgroup('empty'),
      await lab.makeCgroup('ours'),
    ];
    using program = emptyProgram();
    using _link = attachCgroup(program, empty);
    const agent = await Agent.start(lab, { flags: ['--cgroup', ours] });
    const backend = [BACKEND.ipv4, String(BACKEND_PORT)];
    const ways = [
      ...['without', without, ...backend],
      ...['empty', empty, ...backend],
      ...['miss', ours, ...backend],
      ...['hit', ours, VIP.ipv4, String(PORT)],
    ];
    const timings: Timing[] = [];
    for (let run = 0; run < RUNS; run++) timings.push(await measure(lab, ways));
    await agent.stop();
    return resultsOf(timings);
  } finally {
    await lab.dispose();
  }
}

function emptyProgram(): Program {
  return Program.load({
    name: 'empty',
    type: ProgramType.cgroupSockAddr,
    expectedAttachType: AttachType.cgroupInet4Connect,
    instructions: assemble(moveImmediate(0, 1), exit),
  });
}

/** Microseconds of one connect() by each way: medians of the rounds. */
interface Timing {
  /** Of new sockets. */
  readonly fresh: Readonly<Record<Way, number>>;
  /** Of the same sockets once more. */
  readonly again: Readonly<Record<Way, number>>;
}

async function measure(lab: Lab, ways: readonly string[]): Promise<Timing> {
  const output = await lab.node.run([join(REPOSITORY, 'dist/benchmarks/connect'), String(ROUNDS), ...ways]);
  const lines = output
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const timing = (column: number): Readonly<Record<Way, number>> => {
    const of = (way: Way): number =>
      median(lines.filter(([name]) => name === way).map((line) => Number(line[column]))) / 1000;
    return { without: of('without'), empty: of('empty'), miss: of('miss'), hit: of('hit') };
  };
  return { fresh: timing(1), again: timing(2) };
}

function resultsOf(timings: readonly Timing[]): readonly Result[] {
  return [
    ...compare(
      'new socket',
      timings.map(({ fresh }) => fresh),
    ),
    ...compare(
      'same socket again',
      timings.map(({ again }) => again),
    ),
  ];
}

function compare(socket: string, runs: readonly Readonly<Record<Way, number>>[]): readonly Result[] {
  const above = (way: Way, base: Way): readonly number[] => runs.map((run) => run[way] - run[base]);
  const plain = { name: 'no program', runs: runs.map(({ without }) => without) };
  const peer = { name: 'empty program', runs: runs.map(({ empty }) => empty) };
  const name = `connect(), ${socket}`;
  const unit = 'µs';
  return [
    besidePeer({ name: `${name}, empty program above none`, unit, runs: above('empty', 'without') }, plain),
    besidePeer({ name: `${name}, miss above empty program`, unit, runs: above('miss', 'empty'), limit: 0.06 }, peer),
    besidePeer({ name: `${name}, hit above empty program`, unit, runs: above('hit', 'empty'), limit: 0.3 }, peer),
  ];
}
