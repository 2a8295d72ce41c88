import { type Arbitrary, array, assert, bigInt, integer, property, record, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToIp, type Ip } from '../model/ip.ts';
import type { Codec } from './codec.ts';
import { packColumn, unpackColumn } from './column.ts';
import { Backend, Flow, FrontendKey, Service, ServiceName } from './generated.ts';

const u8 = integer({ min: 0, max: 0xff });
const u16 = integer({ min: 0, max: 0xffff });
const u32 = integer({ min: 0, max: 0xffffffff });
const u64 = bigInt({ min: 0n, max: 2n ** 64n - 1n });
const ip: Arbitrary<Ip> = uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => bytesToIp(bytes));
const tuple = record({ saddr: ip, daddr: ip, sport: u16, dport: u16 });

function returns<T>(codec: Codec<T>, values: Arbitrary<T>): void {
  assert(property(values, (value) => void expect(codec.decode(codec.encode(value))).toEqual(value)));
}

test('decoding returns what was encoded', () => {
  returns(Backend, record({ addr: ip, port: u16, proto: u8, flags: u8 }));
  returns(Service, record({ columns: array(u64, { minLength: 6, maxLength: 6 }), affinitySec: u32, flags: u32 }));
  const bytes = (length: number) => uint8Array({ minLength: length, maxLength: length });
  returns(
    Flow,
    record({
      dialled: tuple,
      forwarded: tuple,
      serviceId: u32,
      backendId: u32,
      created: u32,
      lookedAt: u32,
      epoch: u32,
      place: u32,
      hairpinPort: u16,
      proto: u8,
      flags: u8,
      tcp: bytes(2),
      mac: bytes(6),
      expires: u32,
      uplink: u32,
      out: u32,
    }),
  );
});

test('bytes are those of the C struct: ports in wire order, addresses mapped, padding zero', () => {
  const block = new Uint8Array(24).fill(0xee);
  const addr = bytesToIp(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3));
  FrontendKey.encodeInto(new DataView(block.buffer), 2, { addr, port: 8080, proto: 6 });
  expect([...block]).toEqual([
    0xee, 0xee, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3, 0x1f, 0x90, 6, 0, 0xee, 0xee,
  ]);
});

test('text that does not fit is refused', () => {
  expect(ServiceName.decode(ServiceName.encode({ name: 'n'.repeat(211) }))).toEqual({ name: 'n'.repeat(211) });
  expect(() => ServiceName.encode({ name: 'n'.repeat(212) })).toThrow(/at most 211 bytes fit$/);
});

test('a list of another length is refused', () => {
  expect(() => Service.encode({ columns: [], affinitySec: 0, flags: 0 })).toThrow(
    'Cannot store a list of 0: it takes 6',
  );
});

test('a column packs and unpacks', () => {
  const size = integer({ min: 0, max: 2 ** 24 - 1 });
  const column = record({
    verdict: integer({ min: 0, max: 3 }),
    offset: u32,
    size,
    flags: integer({ min: 0, max: 63 }),
  });
  assert(property(column, (value) => void expect(unpackColumn(packColumn(value))).toEqual(value)));
});

test('a column has its parts where abi.h puts them', () => {
  expect(packColumn({ verdict: 1, offset: 0x11223344, size: 0xabcdef, flags: 5 })).toBe(
    (5n << 58n) | (1n << 56n) | (0xabcdefn << 32n) | 0x11223344n,
  );
});
