import { join } from 'node:path';
import { ProgramType } from '../../src/sys/bpf-constants.ts';
import { openObject } from '../../src/sys/bpf-object.ts';
import { Program } from '../../src/sys/bpf-program.ts';
import { assemble, exit, moveImmediate } from '../../src/sys/instructions.ts';
import { frame, type Packet } from '../../test/support/packet.ts';
import { PodEdge, V4 } from '../../test/support/pod-edge-world.ts';
import { REPOSITORY } from '../../test/support/repository.ts';
import { besidePeer, type Result } from './result.ts';

interface Case {
  readonly name: string;
  readonly packet: Packet;
  /** Each packet is of another flow. */
  readonly vary: boolean;
  /** Packets of one run. */
  readonly repeat: number;
  readonly limit: number;
}

const RUNS = 6;
const TC_ACT_UNSPEC = -1;

const CASES: readonly Case[] = [
  { name: 'not ours', packet: packetTo('8.8.8.8', 'A'), vary: false, repeat: 1_000_000, limit: 40 },
  { name: 'hit', packet: packetTo(V4.vip(1), 'A'), vary: false, repeat: 1_000_000, limit: 110 },
  // Two rows per flow: all runs together fit into the conntrack map, so none is evicted.
  { name: 'new flow', packet: packetTo(V4.vip(1), 'S'), vary: true, repeat: 10_000, limit: 300 },
];

/** Nanoseconds of pod_in for a packet, above an empty program in the same harness. */
export function benchPackets(): readonly Result[] {
  return CASES.map((each) => {
    using edge = new PodEdge();
    // The flow that the packets of "hit" belong to.
    edge.run('pod_in', packetTo(V4.vip(1), 'S'));
    return measure(each, edge.object.program('pod_in'));
  });
}

function measure({ name, packet, vary, repeat, limit }: Case, podIn: Program): Result {
  const data = frame(packet);
  const rodata = new Map([
    ['ip_check', data.slice(24, 26)],
    ['daddr', data.slice(30, 34)],
    ['dport', data.slice(36, 38)],
    ['tcp_check', data.slice(50, 52)],
    ['vary', Uint8Array.of(vary ? 1 : 0)],
  ]);
  using harness = openObject(join(REPOSITORY, 'dist/benchmarks/rewind.bpf.o'), { rodata });
  using empty = Program.load({
    name: 'empty',
    type: ProgramType.schedCls,
    expectedAttachType: 0,
    instructions: assemble(moveImmediate(0, TC_ACT_UNSPEC), exit),
  });
  const timeOf = (program: Program): number => {
    const { fd } = program;
    harness.map('next').update(Uint8Array.of(0, 0, 0, 0), new Uint8Array(Uint32Array.of(fd).buffer));
    const { retval, durationNs } = harness.program('rewind').testRun({ data, repeat });
    if ((retval | 0) !== TC_ACT_UNSPEC)
      throw new Error(`Cannot measure "${name}": "${program.name}" returned ${retval}`);
    return durationNs;
  };
  const totals: number[] = [];
  const bases: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    bases.push(timeOf(empty));
    totals.push(timeOf(podIn));
  }
  const runs = totals.map((total, run) => total - (bases[run] ?? 0));
  return besidePeer({ name: `pod edge, ${name}`, unit: 'ns', runs, limit }, { name: 'harness', runs: bases });
}

function packetTo(dst: string, flags: string): Packet {
  return { src: V4.pod, dst, transport: { kind: 'tcp', sport: 40_000, dport: 80, flags } };
}
