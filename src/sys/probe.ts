/** Can the kernel do it? Only loading tells; a version number does not. */
export type Support =
  | { readonly kind: 'supported' }
  | { readonly kind: 'unsupported'; readonly need: string; readonly have: string }
  | { readonly kind: 'unknown'; readonly error: string };

export type Feature = 'setRetval' | 'tcx' | 'sockAddr' | 'getpeername' | 'batch' | 'mmapable' | 'netnsCookie';

export function probe(_feature: Feature): Support {
  throw new Error('not there yet');
}

/** One sentence each for what this machine lacks to run at all (libbpf, BTF, cgroup2, a capability): what, why, how to get it. */
export function missingRequirements(): readonly string[] {
  throw new Error('not there yet');
}
