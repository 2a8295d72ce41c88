import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backend } from '../../../abi/generated.ts';
import type { Ip } from '../../../model/ip.ts';
import { createBackendTable, PROTO_AT } from './backend-table.ts';

const anyRow: fc.Arbitrary<Backend> = fc.record({
  addr: fc.constantFrom('10.0.0.1' as Ip, '10.0.0.2' as Ip, 'fd00::1' as Ip, 'fd00::ffff:1' as Ip),
  port: fc.constantFrom(1, 256, 65535),
  proto: fc.constantFrom(6, 17),
  flags: fc.constantFrom(0, 1),
});

describe('backend table', () => {
  it('holds rows in the bytes of their codec', () => {
    fc.assert(
      fc.property(anyRow, (row) => {
        const table = createBackendTable(4);
        table.set(2, row);
        expect(table.get(2)).toEqual(row);
        const bytes = Backend.encode(row);
        const loaded = createBackendTable(4);
        loaded.load(2, bytes, 0);
        expect([loaded.find(row), loaded.flags(2), bytes[PROTO_AT]]).toEqual([2, row.flags, row.proto]);
      }),
    );
  });

  it('finds a row whatever its flags, and not after it was cleared', () => {
    const table = createBackendTable(4);
    const row: Backend = { addr: '10.0.0.1' as Ip, port: 80, proto: 6, flags: 0 };
    table.set(1, row);
    expect(table.find({ ...row, flags: 1 })).toBe(1);
    table.clear(1);
    expect([table.find(row), table.get(1), table.size]).toEqual([undefined, undefined, 0]);
  });

  it('does as a map of text does, over any history', () => {
    const step = fc.record({
      id: fc.integer({ min: 1, max: 30 }),
      row: anyRow,
      clears: fc.boolean(),
      asks: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const table = createBackendTable(31);
        const model = new Map<number, Backend>();
        const nameOf = ({ addr, port, proto }: Backend): string => `${addr} ${port} ${proto}`;
        for (const { id, row, clears, asks } of steps) {
          const holder = [...model].find(([, held]) => nameOf(held) === nameOf(row))?.[0];
          if (clears) {
            table.clear(id);
            model.delete(id);
          } else if (holder === id || (holder === undefined && !model.has(id))) {
            if (asks) expect(table.find(row)).toBe(holder);
            table.set(id, row);
            model.set(id, row);
          }
        }
        expect(table.size).toBe(model.size);
        for (const [id, row] of model) expect([table.find(row), table.get(id)]).toEqual([id, row]);
      }),
      { numRuns: 200 },
    );
  });

  it('grows with its rows', () => {
    const table = createBackendTable(5001);
    const rowOf = (id: number): Backend => ({
      addr: `10.0.${id >> 8}.${id & 255}` as Ip,
      port: 80,
      proto: 6,
      flags: 0,
    });
    const ids = Array.from({ length: 5000 }, (_, index) => index + 1);
    for (const id of ids) table.set(id, rowOf(id));
    for (const id of ids.filter((each) => each % 3 === 0)) table.clear(id);
    expect(ids.filter((id) => table.find(rowOf(id)) !== (id % 3 === 0 ? undefined : id))).toEqual([]);
  });
});
