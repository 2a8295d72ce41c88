import { deepStrictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import type { Features } from '../../../src/backend/bpf/features.ts';
import { VerifierError } from '../../../src/errors.ts';
import { openObject } from '../../../src/sys/bpf-object.ts';
import { REPOSITORY } from '../../support/repository.ts';
import { COMPILERS, objectOf } from '../kernels.ts';
import type { Check } from './check.ts';

const PROGRAMS = [
  'connect4',
  'connect6',
  'getpeername4',
  'getpeername6',
  'pod_in',
  'pod_out',
  'recvmsg4',
  'recvmsg6',
  'sendmsg4',
  'sendmsg6',
  'uplink_in',
  'uplink_out',
  'uplink_out_l3',
];

/** Every program of every object passes the verifier, also as it is loaded where a newer feature is missing. */
export function verifierChecks({ setRetval }: Features): readonly Check[] {
  return COMPILERS.flatMap((compiler) =>
    (setRetval ? [false, true] : [false]).map((used) => ({
      name: `the verifier takes every program of ${compiler}, ${used ? 'with' : 'without'} bpf_set_retval`,
      run: () => loadPrograms(join(REPOSITORY, objectOf(compiler)), used),
    })),
  );
}

function loadPrograms(file: string, setRetval: boolean): void {
  try {
    using object = openObject(file, { rodata: new Map([['has_set_retval', Uint8Array.of(setRetval ? 1 : 0)]]) });
    deepStrictEqual([...object.programs.keys()].sort(), PROGRAMS);
  } catch (error) {
    if (!(error instanceof VerifierError)) throw error;
    // The cause stands at the end of the log; all of it would drown the report.
    throw new Error(`Cannot load "${error.program}": ${error.log.slice(-4_000)}`, { cause: error });
  }
}
