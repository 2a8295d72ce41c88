import { join } from 'node:path';
import { REPOSITORY } from '../../../test/support/repository.ts';
import { monotonicMs } from './dialler.ts';
import type { ApiWorld } from './world.ts';

const READER = join(REPOSITORY, 'dist/benchmarks/scripts/benchmarks/api/bare-reader.js');

export interface BareRead {
  /** From the start of the process to its end. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
}

/** What it takes to read all that the API has and do nothing with it: no agent on this runtime can be faster. */
export async function measureBareReads({ lab, kubeconfig }: ApiWorld, runs: number): Promise<readonly BareRead[]> {
  const reads: BareRead[] = [];
  for (let run = 0; run < runs; run++) {
    const started = monotonicMs();
    const report = await lab.node.run([process.execPath, READER, kubeconfig]);
    const seconds = (monotonicMs() - started) / 1000;
    reads.push({ ...(JSON.parse(report) as Omit<BareRead, 'seconds'>), seconds }); // bare-reader.ts prints it
  }
  return reads;
}
