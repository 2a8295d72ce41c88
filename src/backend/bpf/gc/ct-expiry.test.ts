import { describe, expect, it } from 'vitest';
import { Ct, CtFlag, CtKey, CtTcp, Hook, type Tuple } from '../../../abi/generated.ts';
import { type Ip, ipToBytes, parseIp } from '../../../model/ip.ts';
import { addressKey, CT_TIMEOUT_SEC, type CtFindings, expired } from './ct-expiry.ts';
import { CT_KEY_SIZE, CT_SIZE } from './ct-row.ts';

const TCP = 6;
const UDP = 17;
const SCTP = 132;
const SEC = 1e9;
const NOW = 10 * 24 * 3600 * SEC;

const CLIENT = ip('10.0.0.2');
const VIP = ip('172.30.0.1');
const BACKEND = ip('10.0.0.3');

interface Flow {
  readonly proto?: number;
  /** Seconds since the last packet. */
  readonly age: number;
  readonly peerAge?: number;
  readonly tcp?: number;
  readonly peerTcp?: number;
  readonly flags?: number;
}

/** The two rows of a flow from CLIENT to VIP, as key and value bytes. */
function rowsOf(flow: Flow): readonly (readonly [Uint8Array, Uint8Array])[] {
  const dialled: Tuple = { saddr: CLIENT, daddr: VIP, sport: 1111, dport: 80 };
  const forwarded: Tuple = { saddr: CLIENT, daddr: BACKEND, sport: 1111, dport: 8080 };
  return [
    row(Hook.POD_IN, dialled, forwarded, flow),
    row(Hook.POD_OUT, reverse(forwarded), reverse(dialled), {
      ...flow,
      age: flow.peerAge ?? flow.age,
      tcp: flow.peerTcp ?? flow.tcp ?? 0,
    }),
  ];
}

function row(
  hook: number,
  seen: Tuple,
  tuple: Tuple,
  { proto = TCP, age, tcp = 0, flags = 0 }: Flow,
): readonly [Uint8Array, Uint8Array] {
  const lastSeenNs = BigInt(NOW - age * SEC);
  const value = {
    lastSeenNs,
    createdNs: 0n,
    tuple,
    serviceId: 1,
    backendId: 1,
    flags,
    tcp,
    mac: new Uint8Array(6),
    lookedAt: 0,
  };
  return [CtKey.encode({ tuple: seen, proto, hook }), Ct.encode(value)];
}

function reverse({ saddr, daddr, sport, dport }: Tuple): Tuple {
  return { saddr: daddr, daddr: saddr, sport: dport, dport: sport };
}

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

function judge(rows: readonly (readonly [Uint8Array, Uint8Array])[], addresses: readonly Ip[] = []) {
  const table = new Map(rows.map(([key, value]) => [String(key), value]));
  const lookups: string[] = [];
  const found = expired(
    {
      keys: concat(
        rows.map(([key]) => key),
        CT_KEY_SIZE,
      ),
      values: concat(
        rows.map(([, value]) => value),
        CT_SIZE,
      ),
      count: rows.length,
    },
    {
      nowNs: NOW,
      lookup: (key) => {
        lookups.push(String(key));
        return table.get(String(key));
      },
      addresses: new Set(addresses.map((address) => addressKey(ipToBytes(address)))),
    },
  );
  return { ...found, hooks: hooksOf(found), lookups: lookups.length };
}

/** Which rows are to go, and how long they may have been silent. */
function hooksOf({ requests }: CtFindings) {
  const names = ['in', 'out'];
  return requests.map(({ key, seenBeforeNs }) => `${names[CtKey.decode(key).hook]} ${(NOW - seenBeforeNs) / SEC}`);
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(parts.length * size);
  for (const [index, part] of parts.entries()) all.set(part, index * size);
  return all;
}

const BOTH_WAYS = CtTcp.SYN | CtTcp.ESTABLISHED;

describe('expired', () => {
  it.each([
    ['a refused connection', { tcp: CtTcp.SYN, peerTcp: CtTcp.RST }, CT_TIMEOUT_SEC.tcpReset],
    ['a connection without an answer', { tcp: CtTcp.SYN, peerTcp: 0 }, CT_TIMEOUT_SEC.tcpOpening],
    ['an established connection', { tcp: BOTH_WAYS, peerTcp: BOTH_WAYS }, CT_TIMEOUT_SEC.tcpEstablished],
    ['a half closed one', { tcp: BOTH_WAYS | CtTcp.FIN, peerTcp: BOTH_WAYS }, CT_TIMEOUT_SEC.tcpHalfClosed],
    ['a closed one', { tcp: BOTH_WAYS | CtTcp.FIN, peerTcp: BOTH_WAYS | CtTcp.FIN }, CT_TIMEOUT_SEC.tcpClosed],
    ['UDP', { proto: UDP }, CT_TIMEOUT_SEC.udp],
    ['SCTP', { proto: SCTP }, CT_TIMEOUT_SEC.other],
  ])('keeps %s until its time is over', (_, flow, seconds) => {
    expect(judge(rowsOf({ ...flow, age: seconds })).hooks).toEqual([]);
    expect(new Set(judge(rowsOf({ ...flow, age: seconds + 1 })).hooks)).toEqual(
      new Set([`in ${seconds}`, `out ${seconds}`]),
    );
  });

  it('keeps both rows while one of them is young', () => {
    expect(judge(rowsOf({ proto: UDP, age: 1000, peerAge: 1 })).hooks).toEqual([]);
  });

  it('drops a row that lost its peer', () => {
    const [only] = rowsOf({ proto: UDP, age: 121 });
    expect(judge(only === undefined ? [] : [only]).hooks).toEqual(['in 120']);
  });

  it('asks the kernel for no peer while a flow may live', () => {
    expect(judge(rowsOf({ age: 3600, tcp: BOTH_WAYS })).lookups).toBe(0);
  });

  it('tells of renamed direct connections, also of one that is to go', () => {
    expect(judge(rowsOf({ age: 1, flags: CtFlag.HAIRPIN })).direct).toBe(false);
    expect(judge(rowsOf({ age: 1, flags: CtFlag.DIRECT })).direct).toBe(true);
    expect(judge(rowsOf({ proto: UDP, age: 1000, flags: CtFlag.DIRECT })).direct).toBe(true);
  });

  it('tells which of the addresses are still dialled', () => {
    const { dialled } = judge(rowsOf({ age: 1 }), [VIP, CLIENT, BACKEND]);
    expect(dialled).toEqual(new Set([addressKey(ipToBytes(VIP))]));
  });
});
