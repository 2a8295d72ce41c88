import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AbiMismatchError, VerifierError } from '../../src/errors.ts';
import { setBpfLog } from '../../src/sys/bpf-log.ts';
import { BpfMap } from '../../src/sys/bpf-map.ts';
import { openObject, openObjectAside } from '../../src/sys/bpf-object.ts';
import { ARRAY, u32 } from './ffi-rows.ts';
import { caught, code, type Scratch } from './ffi-scratch.ts';

export function objectContract(scratch: Scratch): void {
  describe('objects', () => {
    const path = join(scratch.directory, 'contract.bpf.o');

    test('sets constants, re-uses maps, leaves programs out', () => {
      using seen = BpfMap.create({ ...ARRAY, name: 'contract_seen', maxEntries: 4 });
      using object = openObject(path, {
        rodata: new Map([
          ['first_constant', Uint8Array.of(5)],
          ['second_constant', u32(6)],
        ]),
        reuse: new Map([['contract_seen', seen]]),
        autoload: (program) => program !== 'contract_other',
      });
      expect([...object.programs.keys()].sort()).toEqual(['contract_connect', 'contract_packet']);
      expect([...object.maps].map(([key, map]) => [key, map.id])).toEqual([['contract_seen', seen.id]]);
      const context = { mark: 11, ifindex: 1, gsoSize: 100 };
      expect(object.program('contract_packet').testRun({ data: new Uint8Array(200), context }).retval).toBe(7);
      expect([...new BigUint64Array(seen.mmap())]).toEqual([11n, 0x5_0000_0006n, 1n, 100n]);
      expect(object.program('contract_packet').mapIds).toContain(seen.id);
    });

    test('sizes maps before load', () => {
      using object = openObject(path, { maxEntries: new Map([['contract_seen', 64]]) });
      expect(object.map('contract_seen').maxEntries).toBe(64);
    });

    test('refuses a map of another shape', () => {
      using other = BpfMap.create({ ...ARRAY, name: 'contract_seen', maxEntries: 5 });
      const error = caught(() => openObject(path, { reuse: new Map([['contract_seen', other]]) }));
      expect(error).toBeInstanceOf(AbiMismatchError);
      expect(error.message).toBe(
        'Cannot use "contract_seen": it has layout (type 2, key 4, value 8, 5 rows, flags 1024), wanted is (type 2, key 4, value 8, 4 rows, flags 1024): remove it, or keep the build that made it',
      );
    });

    test('refuses a constant it has not, or of another size', () => {
      expect(() => openObject(path, { rodata: new Map([['nothing', u32(1)]]) })).toThrow('Cannot set "nothing"');
      expect(() => openObject(path, { rodata: new Map([['first_constant', u32(1)]]) })).toThrow(RangeError);
    });

    test('names the program the verifier refuses, with its log', () => {
      const error = caught(() => openObject(join(scratch.directory, 'refused.bpf.o')));
      expect(error).toBeInstanceOf(VerifierError);
      expect(error.message).toMatch(
        /^Cannot load program "contract_refused": .*(outside of the packet|invalid mem access)/,
      );
      expect((error as VerifierError).log).toMatch(/processed \d+ insns/);
    });

    test('does other work while the kernel checks the programs', async () => {
      const lines: string[] = [];
      setBpfLog((_, text) => lines.push(text), 'debug'); // a line from another thread would wait for this one
      let done = 0;
      using object = await openObjectAside(path, {}, () => {
        for (const end = performance.now() + 50; performance.now() < end; ) done += 1;
      });
      setBpfLog(undefined);
      expect(done).toBeGreaterThan(0);
      expect([...object.programs.keys()].sort()).toEqual(['contract_connect', 'contract_other', 'contract_packet']);
      expect(lines).not.toContainEqual(expect.stringContaining('BPF program load failed'));
    });

    test('beside other work it names the refused program, too', async () => {
      const opened = openObjectAside(join(scratch.directory, 'refused.bpf.o'), {}, () => undefined);
      const error: unknown = await opened.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(VerifierError);
      expect((error as VerifierError).log).toMatch(/processed \d+ insns/);
    });

    test('says which file is missing', () => {
      expect(code(() => openObject(join(scratch.directory, 'missing.o')))).toBe('ENOENT');
    });

    test('sends the log of libbpf where we want it', () => {
      const lines: string[] = [];
      setBpfLog((level, text) => lines.push(`${level} ${text}`), 'debug');
      openObject(path)[Symbol.dispose]();
      setBpfLog(undefined);
      expect(lines).toContainEqual(expect.stringMatching(/^debug libbpf: loading .*contract\.bpf\.o/));
      const before = lines.length;
      openObject(path)[Symbol.dispose]();
      expect(lines.length).toBe(before);
    });
  });
}
