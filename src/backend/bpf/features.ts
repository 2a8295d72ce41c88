import { type Feature, probe } from '../../sys/probe.ts';

/** What this kernel has beyond the minimum; each has a tested path without it. */
export interface Features {
  /** Linux 5.18: a socket hook refuses with ECONNREFUSED; without it the packet path refuses. */
  readonly setRetval: boolean;
  /** Linux 6.6: packets by TCX links; without it by clsact filters. */
  readonly tcx: boolean;
}

/** `doubts`: one sentence per probe that could not tell; the feature then counts as missing. */
export interface ProbedFeatures {
  readonly features: Features;
  readonly doubts: readonly string[];
}

export function probeFeatures(): ProbedFeatures {
  const doubts: string[] = [];
  const has = (feature: Feature): boolean => {
    const support = probe(feature);
    if (support.kind === 'unknown') doubts.push(`Cannot tell whether the kernel has "${feature}": ${support.error}`);
    return support.kind === 'supported';
  };
  return { features: { setRetval: has('setRetval'), tcx: has('tcx') }, doubts };
}
