import { deepStrictEqual } from 'node:assert/strict';
import { probeFeatures } from '../../../src/backend/bpf/features.ts';
import type { Kernel } from '../kernels.ts';
import type { Check } from './check.ts';
import { smokeChecks } from './smoke.ts';
import { verifierChecks } from './verifier.ts';

/** All that is checked on a kernel, in this order. */
export function checksOf(kernel: Kernel): readonly Check[] {
  return [
    {
      name: 'the probes find what the kernel has, without a doubt',
      run: () => deepStrictEqual(probeFeatures(), { features: kernel.features, doubts: [] }),
    },
    ...verifierChecks(kernel.features),
    ...smokeChecks(),
  ];
}
