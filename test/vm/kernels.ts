import { existsSync } from 'node:fs';
import type { Features } from '../../src/backend/bpf/features.ts';

/** A kernel that scripts/vm boots, and what it must be found to have. */
export interface Kernel {
  readonly name: string;
  readonly features: Features;
}

export const KERNELS: readonly Kernel[] = [
  { name: '5.10', features: { setRetval: false, tcx: false } },
  { name: '6.1', features: { setRetval: true, tcx: false } },
  { name: '6.12', features: { setRetval: true, tcx: true } },
  { name: '6.18', features: { setRetval: true, tcx: true } },
  { name: 'newest', features: { setRetval: true, tcx: true } },
];

/** Whose objects the verifiers see: the package ships clang 14's, where Debian still has that. */
export const COMPILERS: readonly string[] = existsSync('/usr/bin/clang-14') ? ['clang-14', 'clang-19'] : ['clang-19'];

/** Below the repository: the object of each compiler, made on the host. */
export function objectOf(compiler: string): string {
  return `dist/vm/${compiler}/bpfsvc.bpf.o`;
}
