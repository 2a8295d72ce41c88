import { join } from 'node:path';
import type { Codec } from '../../src/abi/codec.ts';
import { packColumn } from '../../src/abi/column.ts';
import * as abi from '../../src/abi/generated.ts';
import { configWords } from '../../src/backend/bpf/config-words.ts';
import { livingFlows } from '../../src/backend/bpf/living-flows.ts';
import { type BpfObject, openObject } from '../../src/sys/bpf-object.ts';
import { monotonicNs } from '../../src/sys/clock.ts';
import { frame, ip, type Packet, type Seen, see } from './packet.ts';
import { REPOSITORY } from './repository.ts';

/**
 * The tc programs over maps filled by hand, run by BPF_PROG_TEST_RUN. One client pod, and per family:
 * service 1: ClusterIP .1, ports 80/TCP and 53/UDP, two remote backends of which one is listed;
 * service 2: the pod itself (hairpin); 3: REJECT; 4: DROP; 5: SCTP.
 */
export interface World {
  readonly pod: string;
  readonly node: string;
  readonly backend: string;
  readonly vip: (service: number) => string;
}

export const V4: World = {
  pod: '10.0.0.2',
  node: '192.168.0.2',
  backend: '10.0.1.5',
  vip: (service) => `172.30.0.${service}`,
};
export const V6: World = {
  pod: 'fd00:10::2',
  node: 'fd00:192::2',
  backend: 'fd00:10:1::5',
  vip: (service) => `fd00:172::${service}`,
};

const TCP = 6;
const UDP = 17;
const OBJECT = join(REPOSITORY, 'dist/bpf/bpfsvc.bpf.o');

export class PodEdge implements Disposable {
  readonly #object: BpfObject;

  constructor() {
    const programs = new Set(['pod_in', 'pod_out', 'uplink_in', 'uplink_out', 'uplink_out_l3']);
    this.#object = openObject(OBJECT, { autoload: (name) => programs.has(name) });
    this.#put(abi.maps.config, 0, {
      nodeNetnsCookie: 0n,
      hashSeed: 0n,
      probeCookie: 0n,
      localCidrs: Array.from({ length: 8 }, () => ({
        addr: ip('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
        mask: ip('::'),
      })),
      nodeAddrV4: ip(V4.node),
      nodeAddrV6: ip(V6.node),
      flags: 0,
      renamed: 0,
      epoch: 0,
      nodeFlows: 0,
    });
    for (const world of [V4, V6]) this.#serve(world);
  }

  get object(): BpfObject {
    return this.#object;
  }

  /** Runs one packet; `packet` is what left the program. */
  run(program: string, packet: Packet): { action: number; packet: Seen } {
    return this.runFrame(program, frame(packet));
  }

  runFrame(program: string, data: Uint8Array): { action: number; packet: Seen } {
    const result = this.#object.program(program).testRun({ data });
    return { action: result.retval, packet: see(result.dataOut) };
  }

  /** Packets counted under a reason so far. */
  reason(reason: abi.Reason): bigint {
    const map = this.#object.map('reasons');
    const row = map.lookup(abi.maps.reasons.key.encode(reason));
    if (row === undefined) throw new Error(`No counter of reason ${reason}`);
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
    let sum = 0n;
    for (let at = 0; at < row.length; at += 8) sum += view.getBigUint64(at, true);
    return sum;
  }

  /** Flows that have not run out. */
  flows(): abi.Flow[] {
    const found = [...livingFlows(this.#object.map('flows'), nowSec())].flat();
    return found.map(({ view, at }) => abi.Flow.decodeFrom(view, at));
  }

  /** As if nothing had been heard of any flow for so long. */
  rest(seconds: number): void {
    for (const flow of this.flows()) {
      const lookedAt = (flow.lookedAt + 2 ** 31) >>> 0;
      this.#put(abi.maps.flows, flow.place, { ...flow, lookedAt, expires: flow.expires - seconds });
    }
  }

  /** Fills all ways to flows, and all their rows, with strangers that are to live for so long. */
  crowd(seconds: number): void {
    const expires = nowSec() + seconds;
    for (const [map, make] of [
      ['flow_sets', () => this.#stranger(abi.FlowSet, { tags: 1, expires })],
      ['flows', () => this.#stranger(abi.Flow, { proto: TCP, expires })],
    ] as const) {
      const rows = this.#object.map(map);
      const row = make();
      for (const { keys, values, count } of [...rows.chunks()]) {
        for (let at = 0; at < count; at += 1) values.set(row, at * row.length);
        rows.updateBatch(keys, values, count);
      }
    }
  }

  /** Other flows took the places of all answers. */
  forgetSteps(): void {
    const steps = this.#object.map('steps');
    for (const { keys, values, count } of [...steps.chunks()]) steps.updateBatch(keys, values.fill(0), count);
  }

  deleteMember(service: number, backend: number): void {
    this.#object.map('members').delete(abi.maps.members.key.encode({ serviceId: service, backendId: backend }));
    configWords(this.#object.map('config')).advanceEpoch();
  }

  setColumns(service: number, word: bigint): void {
    this.#put(abi.maps.services, service, { columns: [word, word, word, word, word, word], affinitySec: 0, flags: 0 });
  }

  [Symbol.dispose](): void {
    this.#object[Symbol.dispose]();
  }

  /** All zeros but for these fields; in lists, each item. */
  #stranger<V extends object>(codec: Codec<V>, fields: Readonly<Record<string, number>>): Uint8Array {
    const zero = codec.decode(new Uint8Array(codec.size));
    const known = Object.entries(zero).map(([name, value]: [string, unknown]) => {
      const wanted = fields[name] ?? value;
      return [name, Array.isArray(value) ? value.map((item: unknown) => fields[name] ?? item) : wanted];
    });
    return codec.encode(Object.fromEntries(known) as V); // the fields of a V
  }

  #serve(world: World): void {
    const base = world === V4 ? 0 : 10;
    this.#put(abi.maps.vips, ip(world.node), { flags: abi.VipFlag.NODE_IP | abi.VipFlag.NODE });
    this.#put(abi.maps.backends, base + 1, { addr: ip(world.backend), port: 8080, proto: TCP, flags: 0 });
    this.#put(abi.maps.backends, base + 2, {
      addr: ip(world.pod),
      port: 8080,
      proto: TCP,
      flags: abi.BackendFlag.LOCAL,
    });
    this.#put(abi.maps.backends, base + 3, { addr: ip(world.backend), port: 5353, proto: UDP, flags: 0 });
    const forward = (slot: number): bigint =>
      packColumn({ verdict: abi.Verdict.FORWARD, offset: slot, size: 1, flags: abi.ColumnFlag.SOCKET });
    this.#service(world, { number: 1, word: forward(base + 1), slot: base + 1, backend: base + 1, ports: [[TCP, 80]] });
    this.#service(world, { number: 2, word: forward(base + 2), slot: base + 2, backend: base + 2, ports: [[TCP, 80]] });
    this.#service(world, {
      number: 3,
      word: packColumn({ verdict: abi.Verdict.REJECT, offset: 0, size: 0, flags: 0 }),
      ports: [
        [TCP, 80],
        [UDP, 53],
      ],
    });
    this.#service(world, {
      number: 4,
      word: packColumn({ verdict: abi.Verdict.DROP, offset: 0, size: 0, flags: 0 }),
      ports: [
        [TCP, 80],
        [UDP, 53],
      ],
    });
    this.#service(world, { number: 5, word: forward(base + 3), slot: base + 3, backend: base + 3, ports: [[UDP, 53]] });
    // A second VIP over the backend of service 1.
    this.#service(world, { number: 6, word: forward(base + 4), slot: base + 4, backend: base + 1, ports: [[TCP, 80]] });
  }

  #service(
    world: World,
    of: {
      number: number;
      word: bigint;
      slot?: number;
      backend?: number;
      ports: readonly (readonly [number, number])[];
    },
  ): void {
    const id = of.number + (world === V4 ? 0 : 10);
    this.setColumns(id, of.word);
    if (of.slot !== undefined && of.backend !== undefined) {
      this.#put(abi.maps.slots, of.slot, { backendId: of.backend, serviceId: id });
      this.#put(
        abi.maps.members,
        { serviceId: id, backendId: of.backend },
        { flags: abi.MemberFlag.CLUSTER | abi.MemberFlag.SERVING },
      );
    }
    this.#put(abi.maps.vips, ip(world.vip(of.number)), { flags: abi.VipFlag.CLUSTER_IP });
    for (const [proto, port] of of.ports) {
      this.#put(
        abi.maps.frontends,
        { addr: ip(world.vip(of.number)), port, proto },
        { serviceId: id, scope: abi.Scope.INTERNAL },
      );
    }
  }

  #put<K, V>(
    map: { name: string; key: { encode(key: K): Uint8Array }; value: { encode(value: V): Uint8Array } },
    key: K,
    value: V,
  ): void {
    this.#object.map(map.name).update(map.key.encode(key), map.value.encode(value));
  }
}

/** CLOCK_MONOTONIC, as the programs have it. */
function nowSec(): number {
  return Number(monotonicNs() / 1_000_000_000n);
}
