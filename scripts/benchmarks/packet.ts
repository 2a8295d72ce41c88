import { join } from 'node:path';
import { Sizes } from '../../src/abi/generated.ts';
import { ProgramType } from '../../src/sys/bpf-constants.ts';
import { openObject } from '../../src/sys/bpf-object.ts';
import { Program } from '../../src/sys/bpf-program.ts';
import { assemble, exit, moveImmediate } from '../../src/sys/instructions.ts';
import { frame, type Packet, type Transport } from '../../test/support/packet.ts';
import { PodEdge, V4, V6, type World } from '../../test/support/pod-edge-world.ts';
import { REPOSITORY } from '../../test/support/repository.ts';
import { besidePeer, type Result } from './result.ts';

interface Case {
  readonly name: string;
  readonly program: 'pod_in' | 'pod_out';
  readonly packet: Packet;
  /** What the pod sent before, so that the packet belongs to its flow. */
  readonly opener?: Packet;
  /** Each packet is of another flow. */
  readonly newFlows?: 'into free rows' | 'in place of others';
  readonly limit?: number;
}

const RUNS = 15;
/** Packets of one run. */
const REPEAT = 200_000;
/** All runs together are a small part of what conntrack holds. */
const NEW_FLOWS = 2_000;
/** More than conntrack holds. */
const ALL_FLOWS = 2 * Sizes.MAX_FLOWS;
const TC_ACT_UNSPEC = -1;
/** As long as Ethernet, IPv6 and TCP: what the harness rewinds. */
const SHORTEST = 74;
const ELSEWHERE = { v4: '8.8.8.8', v6: '2001:4860::8888' };

/** Nanoseconds of the pod edge for a packet, above an empty program in the same harness. */
export function benchPackets(): readonly Result[] {
  return [...casesOf(V4, 'v4'), ...casesOf(V6, 'v6')].map(measure);
}

function casesOf(world: World, family: 'v4' | 'v6'): readonly Case[] {
  const outside = ELSEWHERE[family];
  return (['tcp', 'udp'] as const).flatMap((protocol): Case[] => {
    const name = (what: string, program: string) => `${program}, ${what}, ${protocol.toUpperCase()}${family.slice(1)}`;
    const [service, port, backendPort] = protocol === 'tcp' ? [1, 80, 8080] : [5, 53, 5353];
    const [pod, vip, backend] = [world.pod, world.vip(service), world.backend];
    const send = (src: string, dst: string, ports: readonly [number, number], flags = 'A'): Packet => {
      const [sport, dport] = ports;
      const transport: Transport =
        protocol === 'tcp' ? { kind: 'tcp', sport, dport, flags } : { kind: 'udp', sport, dport };
      return { src, dst, transport, payload: new Uint8Array(SHORTEST - 42) };
    };
    const opener = send(pod, vip, [40_000, port], 'S');
    const [fromPod, toPod]: [Packet, Packet] = [
      send(pod, vip, [40_000, port]),
      send(backend, pod, [backendPort, 40_000]),
    ];
    return [
      { name: name('not ours', 'pod_in'), program: 'pod_in', packet: send(pod, outside, [40_000, 443]), limit: 40 },
      { name: name('not ours', 'pod_out'), program: 'pod_out', packet: send(outside, pod, [443, 40_000]), limit: 40 },
      { name: name('hit', 'pod_in'), program: 'pod_in', packet: fromPod, opener, limit: 110 },
      { name: name('hit', 'pod_out'), program: 'pod_out', packet: toPod, opener, limit: 110 },
      { name: name('new flow', 'pod_in'), program: 'pod_in', packet: opener, newFlows: 'into free rows', limit: 300 },
      {
        name: name('new flow, all rows in use', 'pod_in'),
        program: 'pod_in',
        packet: opener,
        newFlows: 'in place of others',
      },
    ];
  });
}

function measure({ name, program, packet, opener, newFlows, limit }: Case): Result {
  using edge = new PodEdge();
  if (opener !== undefined) edge.run('pod_in', opener);
  using harness = openHarness(packet, newFlows !== undefined);
  using empty = Program.load({
    name: 'empty',
    type: ProgramType.schedCls,
    expectedAttachType: 0,
    instructions: assemble(moveImmediate(0, TC_ACT_UNSPEC), exit),
  });
  const timeOf = ({ fd, name: measured }: Program, repeat = newFlows === undefined ? REPEAT : NEW_FLOWS): number => {
    harness.map('next').update(new Uint8Array(4), new Uint8Array(Uint32Array.of(fd).buffer));
    const { retval, durationNs } = harness.program('rewind').testRun({ data: frame(packet), repeat });
    if ((retval | 0) !== TC_ACT_UNSPEC) throw new Error(`Cannot measure "${name}": "${measured}" returned ${retval}`);
    return durationNs;
  };
  if (newFlows === 'in place of others') timeOf(edge.object.program(program), ALL_FLOWS);
  const totals: number[] = [];
  const bases: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    bases.push(timeOf(empty));
    totals.push(timeOf(edge.object.program(program)));
  }
  const runs = totals.map((total, run) => total - (bases[run] ?? 0));
  return besidePeer({ name, unit: 'ns', runs, ...(limit && { limit }) }, { name: 'harness', runs: bases });
}

function openHarness(packet: Packet, vary: boolean) {
  const headers = new Uint8Array(SHORTEST + 2);
  headers.set(frame(packet).subarray(0, SHORTEST));
  const rodata = new Map([
    ['headers', headers],
    ['is_v6', Uint8Array.of(packet.src.includes(':') ? 1 : 0)],
    ['is_udp', Uint8Array.of(packet.transport.kind === 'udp' ? 1 : 0)],
    ['vary', Uint8Array.of(vary ? 1 : 0)],
  ]);
  return openObject(join(REPOSITORY, 'dist/benchmarks/rewind.bpf.o'), { rodata });
}
