import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VerifierError } from '../../src/errors.ts';
import { Program } from '../../src/sys/bpf-program.ts';
import { listPrograms } from '../../src/sys/bpf-query.ts';
import { assemble, exit } from '../../src/sys/instructions.ts';
import { caught, code, connectProgram, packetProgram, type Scratch } from './ffi-scratch.ts';

export function programContract(scratch: Scratch): void {
  describe('programs', () => {
    test('loads raw instructions and runs them', () => {
      using program = Program.load(packetProgram(3));
      const data = new Uint8Array(64).fill(5);
      const { retval, dataOut } = program.testRun({ data, repeat: 10 });
      expect({ retval, dataOut }).toEqual({ retval: 3, dataOut: data });
      using other = Program.load(packetProgram(-1));
      expect(other.testRun({ data }).retval).toBe(0xffff_ffff);
      expect([...listPrograms()].find(({ id }) => id === program.id)?.name).toBe('contract');
    });

    test('shows the verifier what it says', () => {
      const spec = { ...packetProgram(0), instructions: assemble(exit) };
      const error = caught(() => Program.load(spec));
      expect(error).toBeInstanceOf(VerifierError);
      expect(error.message).toBe('Cannot load program "contract": R0 !read_ok');
    });

    test('pins and opens again', () => {
      using program = Program.load(packetProgram(0));
      const path = join(scratch.bpffs, 'program');
      program.pin(path);
      using pinned = Program.openPinned(path);
      expect([pinned?.id, pinned?.tag]).toEqual([program.id, program.tag]);
    });

    test('says that the kernel has no test run for socket hooks', () => {
      using program = Program.load(connectProgram());
      expect(code(() => program.testRun({ data: new Uint8Array(14) }))).toBe('ENOTSUPP');
    });
  });
}
