import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as abi from '../../src/abi/generated.ts';
import { frame, ipPacket, type Packet, POD_MAC, type Seen, seeIp, type Transport } from '../support/packet.ts';
import { PodEdge, V4, V6, type World } from '../support/pod-edge-world.ts';
import { TC } from '../support/tc-action.ts';

const SPORT = 40000;
const payload = new Uint8Array([1, 2, 3, 4, 5, 6, 7]);

let edge: PodEdge;
beforeEach(() => {
  edge = new PodEdge();
});
afterEach(() => {
  edge[Symbol.dispose]();
});

function tcp(flags: string, ports: { sport?: number; dport?: number } = {}): Transport & { kind: 'tcp' } {
  return { kind: 'tcp', sport: ports.sport ?? SPORT, dport: ports.dport ?? 80, flags };
}

function udp(ports: { sport?: number; dport?: number } = {}): Transport & { kind: 'udp' } {
  return { kind: 'udp', sport: ports.sport ?? SPORT, dport: ports.dport ?? 53 };
}

function passes(seen: { action: number; packet: Seen }): Seen {
  expect(seen.action).toBe(TC.unspec);
  expect(seen.packet.valid).toBe(true);
  return seen.packet;
}

function untouched(program: string, packet: Packet): void {
  const data = frame(packet);
  const result = edge.object.program(program).testRun({ data });
  expect(result.retval).toBe(TC.unspec);
  expect(Buffer.from(result.dataOut).equals(Buffer.from(data))).toBe(true);
}

describe.each([
  ['IPv4', V4],
  ['IPv6', V6],
] as [string, World][])('%s', (family, world) => {
  const unreachable = family === 'IPv4' ? { type: 3, code: 3 } : { type: 1, code: 4 };

  it('translates a connection to its backend and the answer back', () => {
    const out = passes(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('S') }));
    expect(out).toMatchObject({
      src: world.pod,
      dst: world.backend,
      transport: { sport: SPORT, dport: 8080, flags: 'S' },
    });

    const back = passes(
      edge.run('pod_out', { src: world.backend, dst: world.pod, transport: tcp('SA', { sport: 8080, dport: SPORT }) }),
    );
    expect(back).toMatchObject({
      src: world.vip(1),
      dst: world.pod,
      transport: { sport: 80, dport: SPORT, flags: 'SA' },
    });

    const data = passes(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('PA'), payload }));
    expect(data).toMatchObject({ dst: world.backend, transport: { dport: 8080 } });
    expect([...data.payload]).toEqual([...payload]);
  });

  it('translates UDP, without a checksum too where that is legal', () => {
    const out = passes(edge.run('pod_in', { src: world.pod, dst: world.vip(5), transport: udp(), payload }));
    expect(out).toMatchObject({ dst: world.backend, transport: { kind: 'udp', sport: SPORT, dport: 5353 } });
    const bare = passes(
      edge.run('pod_in', { src: world.pod, dst: world.vip(5), transport: { ...udp(), checksum: 'none' }, payload }),
    );
    expect(bare).toMatchObject({ dst: world.backend, transport: { dport: 5353, checksum: 'none' } });
  });

  it('shows a hairpin pod the address of the node, and the client the VIP', () => {
    const toSelf = passes(edge.run('pod_in', { src: world.pod, dst: world.vip(2), transport: tcp('S') }));
    expect(toSelf).toMatchObject({ src: world.pod, dst: world.pod, transport: { sport: SPORT, dport: 8080 } });
    const atServer = passes(
      edge.run('pod_out', { src: world.pod, dst: world.pod, transport: tcp('S', { dport: 8080 }) }),
    );
    expect(atServer).toMatchObject({ src: world.node, dst: world.pod, transport: { sport: SPORT, dport: 8080 } });
    const answer = passes(
      edge.run('pod_in', { src: world.pod, dst: world.node, transport: tcp('SA', { sport: 8080, dport: SPORT }) }),
    );
    expect(answer).toMatchObject({ src: world.pod, dst: world.pod, transport: { sport: 8080, dport: SPORT } });
    const atClient = passes(
      edge.run('pod_out', { src: world.pod, dst: world.pod, transport: tcp('SA', { sport: 8080, dport: SPORT }) }),
    );
    expect(atClient).toMatchObject({ src: world.vip(2), dst: world.pod, transport: { sport: 80, dport: SPORT } });
  });

  it('answers a refused connection with RST', () => {
    const seen = edge.run('pod_in', { src: world.pod, dst: world.vip(3), transport: { ...tcp('S'), seq: 77 } });
    expect(seen.action).toBe(TC.redirect);
    expect(seen.packet).toEqual({
      src: world.vip(3),
      dst: world.pod,
      transport: { kind: 'tcp', sport: 80, dport: SPORT, flags: 'RA', seq: 0, ack: 78 },
      payload: Buffer.from([]),
      valid: true,
      dmac: POD_MAC,
    });
  });

  it('leaves the pseudo header sum of an unfinished checksum in the RST', () => {
    const data = frame({ src: world.pod, dst: world.vip(3), transport: tcp('S') });
    const at = data.length - 20 + 16;
    const partial = pseudoSum(data, 20);
    data.set([partial >> 8, partial & 0xff], at);
    const result = edge.object.program('pod_in').testRun({ data });
    const out = Buffer.from(result.dataOut);
    expect(result.retval).toBe(TC.redirect);
    expect(out.readUInt16BE(out.length - 20 + 16)).toBe(pseudoSum(out, 20));
  });

  it('refuses an unknown port of a ClusterIP', () => {
    expect(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('S', { dport: 81 }) }).action).toBe(
      TC.redirect,
    );
    expect(edge.reason(abi.Reason.UNKNOWN_PORT)).toBe(1n);
  });

  it('answers refused UDP with port unreachable, quoting the packet', () => {
    const packet: Packet = { src: world.pod, dst: world.vip(3), transport: udp(), payload: new Uint8Array(1200) };
    const seen = edge.run('pod_in', packet);
    expect(seen.action).toBe(TC.redirect);
    expect(seen.packet).toMatchObject({
      src: world.vip(3),
      dst: world.pod,
      transport: { kind: 'icmp', ...unreachable },
      valid: true,
      dmac: POD_MAC,
    });
    expect(
      Buffer.from(seen.packet.payload).equals(Buffer.from(ipPacket(packet)).subarray(0, seen.packet.payload.length)),
    ).toBe(true);
  });

  it('bounds ICMP answers per client and second', () => {
    const actions = Array.from(
      { length: 120 },
      () => edge.run('pod_in', { src: world.pod, dst: world.vip(3), transport: udp() }).action,
    );
    expect(actions.filter((action) => action === TC.redirect)).toHaveLength(100);
    expect(edge.reason(abi.Reason.ICMP_LIMIT)).toBe(20n);
  });

  it('drops in silence', () => {
    expect(edge.run('pod_in', { src: world.pod, dst: world.vip(4), transport: tcp('S') }).action).toBe(TC.shot);
    expect(edge.run('pod_in', { src: world.pod, dst: world.vip(4), transport: udp() }).action).toBe(TC.shot);
    expect(edge.reason(abi.Reason.DROP)).toBe(2n);
  });

  it('leaves ordinary traffic untouched', () => {
    for (const program of ['pod_in', 'pod_out']) {
      untouched(program, { src: world.pod, dst: world.backend, transport: tcp('S') });
      untouched(program, { src: world.pod, dst: world.backend, transport: tcp('PA'), payload });
      untouched(program, { src: world.pod, dst: world.node, transport: tcp('S', { dport: 10250 }) });
      untouched(program, { src: world.pod, dst: world.backend, transport: udp(), payload });
    }
    expect(edge.flows()).toEqual([]);
  });

  it('resets a connection in midstream that nobody knows', () => {
    const seen = edge.run('pod_in', {
      src: world.pod,
      dst: world.vip(1),
      transport: { ...tcp('PA'), seq: 5, ack: 99 },
      payload,
    });
    expect(seen.action).toBe(TC.redirect);
    expect(seen.packet).toMatchObject({ transport: { flags: 'R', seq: 99 }, valid: true });
    expect(edge.reason(abi.Reason.NO_FLOW)).toBe(1n);
  });

  it('gives a direct connection from the port of a live VIP flow another port', () => {
    passes(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('S') }));
    const direct = passes(
      edge.run('pod_in', { src: world.pod, dst: world.backend, transport: tcp('S', { dport: 8080 }) }),
    );
    expect(direct).toMatchObject({ src: world.pod, dst: world.backend, transport: { dport: 8080 } });
    const renamed = portOf(direct);
    expect(renamed).not.toBe(SPORT);
    const back = passes(
      edge.run('pod_out', {
        src: world.backend,
        dst: world.pod,
        transport: tcp('SA', { sport: 8080, dport: renamed }),
      }),
    );
    expect(back).toMatchObject({ src: world.backend, dst: world.pod, transport: { sport: 8080, dport: SPORT } });
    const more = passes(
      edge.run('pod_in', { src: world.pod, dst: world.backend, transport: tcp('PA', { dport: 8080 }) }),
    );
    expect(portOf(more)).toBe(renamed);
    const vip = passes(
      edge.run('pod_out', { src: world.backend, dst: world.pod, transport: tcp('SA', { sport: 8080, dport: SPORT }) }),
    );
    expect(vip).toMatchObject({ src: world.vip(1), transport: { sport: 80, dport: SPORT } });
  });

  it('keeps two VIPs over one backend and one client port apart', () => {
    passes(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('S') }));
    const second = passes(edge.run('pod_in', { src: world.pod, dst: world.vip(6), transport: tcp('S') }));
    const renamed = portOf(second);
    expect(second).toMatchObject({ dst: world.backend, transport: { dport: 8080 } });
    expect(renamed).not.toBe(SPORT);
    const back = passes(
      edge.run('pod_out', {
        src: world.backend,
        dst: world.pod,
        transport: tcp('SA', { sport: 8080, dport: renamed }),
      }),
    );
    expect(back).toMatchObject({ src: world.vip(6), transport: { sport: 80, dport: SPORT } });
    expect(edge.reason(abi.Reason.COLLISION)).toBe(1n);
  });

  it('translates an ICMP error about a flow back to the client', () => {
    passes(edge.run('pod_in', { src: world.pod, dst: world.vip(5), transport: udp(), payload }));
    const quoted = ipPacket({ src: world.pod, dst: world.backend, transport: udp({ dport: 5353 }), payload });
    const error: Packet = {
      src: world.backend,
      dst: world.pod,
      transport: { kind: 'icmp', ...unreachable },
      payload: quoted,
    };
    const seen = passes(edge.run('pod_out', error));
    expect(seen).toMatchObject({ src: world.vip(5), dst: world.pod, transport: { kind: 'icmp', ...unreachable } });
    expect(seeIp(Buffer.from(seen.payload))).toMatchObject({
      src: world.pod,
      dst: world.vip(5),
      transport: { sport: SPORT, dport: 53 },
      valid: true,
    });
  });

  it('translates a cut quote from a router on the way, whose own address stays', () => {
    passes(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('S') }));
    const quoted = ipPacket({ src: world.pod, dst: world.backend, transport: tcp('S', { dport: 8080 }) });
    const cut = quoted.subarray(0, quoted.length - 12);
    const router = family === 'IPv4' ? '10.9.9.9' : 'fd00:9::9';
    const seen = passes(
      edge.run('pod_out', {
        src: router,
        dst: world.pod,
        transport: { kind: 'icmp', type: family === 'IPv4' ? 3 : 2, code: family === 'IPv4' ? 4 : 0 },
        payload: cut,
      }),
    );
    expect(seen).toMatchObject({ src: router, dst: world.pod });
    expect(seeIp(Buffer.from(seen.payload))).toMatchObject({
      src: world.pod,
      dst: world.vip(1),
      transport: { sport: SPORT, dport: 80 },
    });
  });

  it('translates an ICMP error of the pod about an answer', () => {
    passes(edge.run('pod_in', { src: world.pod, dst: world.vip(5), transport: udp(), payload }));
    const quoted = ipPacket({
      src: world.vip(5),
      dst: world.pod,
      transport: udp({ sport: 53, dport: SPORT }),
      payload,
    });
    const seen = passes(
      edge.run('pod_in', {
        src: world.pod,
        dst: world.vip(5),
        transport: { kind: 'icmp', ...unreachable },
        payload: quoted,
      }),
    );
    expect(seen).toMatchObject({ src: world.pod, dst: world.backend });
    expect(seeIp(Buffer.from(seen.payload))).toMatchObject({
      src: world.backend,
      dst: world.pod,
      transport: { sport: 5353, dport: SPORT },
      valid: true,
    });
  });

  it('leaves foreign ICMP untouched', () => {
    const quoted = ipPacket({ src: world.pod, dst: world.backend, transport: udp(), payload });
    untouched('pod_out', {
      src: world.backend,
      dst: world.pod,
      transport: { kind: 'icmp', ...unreachable },
      payload: quoted,
    });
    untouched('pod_out', {
      src: world.backend,
      dst: world.pod,
      transport: { kind: 'icmp', type: family === 'IPv4' ? 8 : 128, code: 0 },
      payload,
    });
  });

  it('finds the way back again after other flows took its place', () => {
    passes(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('S') }));
    edge.forgetSteps();
    edge.rest(1);
    passes(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('A') }));
    const back = passes(
      edge.run('pod_out', { src: world.backend, dst: world.pod, transport: tcp('A', { sport: 8080, dport: SPORT }) }),
    );
    expect(back).toMatchObject({ src: world.vip(1), transport: { sport: 80 } });
  });

  it('ends a flow in its time', () => {
    const base = family === 'IPv4' ? 0 : 10;
    const request: Packet = { src: world.pod, dst: world.vip(5), transport: udp() };
    const answer: Packet = {
      src: world.backend,
      dst: world.pod,
      transport: udp({ sport: 5353, dport: SPORT }),
    };
    passes(edge.run('pod_in', request));
    edge.setColumns(base + 5, BigInt(abi.Verdict.REJECT) << BigInt(abi.ColumnShift.VERDICT_SHIFT));
    edge.rest(abi.CtTimeout.UDP_SEC - 1);
    expect(passes(edge.run('pod_out', answer))).toMatchObject({ src: world.vip(5) });
    expect(passes(edge.run('pod_in', request))).toMatchObject({ dst: world.backend });
    edge.rest(abi.CtTimeout.UDP_SEC + 1);
    untouched('pod_out', answer);
    expect(edge.run('pod_in', request).action).toBe(TC.redirect);
  });

  it.each([
    ['opening', ['S'], [], abi.CtTimeout.TCP_OPENING_SEC],
    ['open', ['S', 'A'], ['SA'], abi.CtTimeout.TCP_ESTABLISHED_SEC],
    ['half closed', ['S', 'A', 'FA'], ['SA'], abi.CtTimeout.TCP_HALF_CLOSED_SEC],
    ['closed', ['S', 'A', 'FA'], ['SA', 'FA'], abi.CtTimeout.TCP_CLOSED_SEC],
    ['reset', ['S', 'A'], ['SA', 'R'], abi.CtTimeout.TCP_RESET_SEC],
  ])('lets a connection that is %s rest for as long as nf_conntrack', (_, requests, answers, seconds) => {
    for (const flags of requests)
      passes(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp(flags) }));
    for (const flags of answers) {
      const transport = tcp(flags, { sport: 8080, dport: SPORT });
      passes(edge.run('pod_out', { src: world.backend, dst: world.pod, transport }));
    }
    edge.rest(seconds - 1);
    expect(edge.flows()).toHaveLength(1);
    edge.rest(2);
    expect(edge.flows()).toEqual([]);
  });

  it('gives the place that ends first to a new flow where all are taken', () => {
    const opener: Packet = { src: world.pod, dst: world.vip(1), transport: tcp('S') };
    edge.crowd(1000);
    expect(passes(edge.run('pod_in', opener))).toMatchObject({ dst: world.backend });
    expect(edge.reason(abi.Reason.CT_FULL)).toBe(1n);
    expect(edge.flows().filter(({ dialled }) => dialled.sport === SPORT)).toHaveLength(1);
    const transport = tcp('SA', { sport: 8080, dport: SPORT });
    expect(passes(edge.run('pod_out', { src: world.backend, dst: world.pod, transport }))).toMatchObject({
      src: world.vip(1),
    });
  });

  it('moves a UDP flow at once when its backend is no member any more', () => {
    const base = family === 'IPv4' ? 0 : 10;
    passes(edge.run('pod_in', { src: world.pod, dst: world.vip(5), transport: udp() }));
    edge.deleteMember(base + 5, base + 3);
    edge.setColumns(base + 5, BigInt(abi.Verdict.REJECT) << BigInt(abi.ColumnShift.VERDICT_SHIFT));
    expect(edge.run('pod_in', { src: world.pod, dst: world.vip(5), transport: udp() }).action).toBe(TC.redirect);
  });

  it('keeps an established TCP flow when its Service has no endpoints any more', () => {
    const base = family === 'IPv4' ? 0 : 10;
    passes(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('S') }));
    passes(
      edge.run('pod_out', { src: world.backend, dst: world.pod, transport: tcp('SA', { sport: 8080, dport: SPORT }) }),
    );
    edge.setColumns(base + 1, BigInt(abi.Verdict.REJECT) << BigInt(abi.ColumnShift.VERDICT_SHIFT));
    expect(
      passes(edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('PA'), payload })),
    ).toMatchObject({ dst: world.backend });
    expect(
      edge.run('pod_in', { src: world.pod, dst: world.vip(1), transport: tcp('S', { sport: 40001 }) }).action,
    ).toBe(TC.redirect);
  });

  it('refuses, drops or leaves what the node sends', () => {
    const refused = edge.run('uplink_out', { src: world.node, dst: world.vip(3), transport: tcp('S') });
    expect(refused).toMatchObject({
      action: TC.redirect,
      packet: { src: world.vip(3), dst: world.node, transport: { flags: 'RA' }, valid: true },
    });
    expect(edge.run('uplink_out', { src: world.node, dst: world.vip(3), transport: udp() })).toMatchObject({
      action: TC.redirect,
      packet: { transport: { kind: 'icmp' }, valid: true },
    });
    expect(edge.run('uplink_out', { src: world.node, dst: world.vip(4), transport: tcp('S') }).action).toBe(TC.shot);
    expect(
      edge.run('uplink_out', { src: world.node, dst: world.vip(1), transport: tcp('S', { dport: 81 }) }).action,
    ).toBe(TC.redirect);
    expect(
      edge.run('uplink_out', { src: world.node, dst: world.vip(1), transport: { kind: 'icmp', type: 8, code: 0 } })
        .action,
    ).toBe(TC.shot);
    untouched('uplink_out', { src: world.node, dst: world.backend, transport: tcp('S') });
  });
});

describe('packets of any shape', () => {
  it('never lead to anything but a known action', () => {
    const good = [
      frame({ src: V4.pod, dst: V4.vip(1), transport: tcp('S') }),
      frame({ src: V6.pod, dst: V6.vip(3), transport: udp(), payload }),
      frame({
        src: V4.backend,
        dst: V4.pod,
        transport: { kind: 'icmp', type: 3, code: 3 },
        payload: ipPacket({ src: V4.pod, dst: V4.backend, transport: udp() }),
      }),
    ];
    const random = mulberry(7);
    const actions = new Set<number>();
    for (let round = 0; round < 3000; round += 1) {
      const data = Uint8Array.from(good[round % good.length] ?? []);
      // The kernel itself refuses to run a frame that ends within its IP header.
      const shortest = 14 + (data[12] === 0x86 ? 40 : 20);
      const cut = shortest + Math.floor(random() * (data.length - shortest));
      for (let flips = 0; flips < 3; flips += 1)
        data[14 + Math.floor(random() * (data.length - 14))] = Math.floor(random() * 256);
      for (const program of ['pod_in', 'pod_out', 'uplink_in', 'uplink_out', 'uplink_out_l3']) {
        actions.add(
          edge.object.program(program).testRun({ data: random() < 0.3 ? data.subarray(0, cut) : data }).retval,
        );
      }
    }
    expect(
      [...actions].filter((action) => !(Object.values(TC) as number[]).includes(action) || action === TC.ok),
    ).toEqual([]);
  });
});

function portOf(seen: Seen): number {
  if (seen.transport.kind === 'icmp') throw new Error('ICMP has no ports');
  return seen.transport.sport;
}

/** The folded, not complemented sum of a TCP pseudo header, as CHECKSUM_PARTIAL keeps it. */
function pseudoSum(data: Uint8Array, length: number): number {
  const raw = Buffer.from(data);
  const v6 = raw.readUInt16BE(12) === 0x86dd;
  const addresses = v6 ? raw.subarray(14 + 8, 14 + 40) : raw.subarray(14 + 12, 14 + 20);
  let sum = 6 + length;
  for (let at = 0; at < addresses.length; at += 2) sum += addresses.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
