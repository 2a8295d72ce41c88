import type { DataplaneState } from './state.ts';

export type PlanJsonAction =
  | { readonly action: 'forward'; readonly endpoints: readonly string[]; readonly masquerade: boolean }
  | { readonly action: 'reject' }
  | { readonly action: 'drop' };

export interface PlanJsonFrontend {
  readonly service: string;
  readonly portName: string;
  readonly kind: string;
  readonly address: string | null;
  readonly port: number;
  readonly protocol: string;
  readonly family: string;
  readonly affinitySeconds: number;
  readonly sourceRanges: readonly string[];
  readonly clients: { readonly pod: PlanJsonAction; readonly node: PlanJsonAction; readonly other: PlanJsonAction };
}

/** What `bpfsvc plan -o json` prints: stable and sorted. */
export interface PlanJson {
  readonly node: string;
  readonly frontends: readonly PlanJsonFrontend[];
  readonly ignored: readonly { readonly object: string; readonly reason: string }[];
}

export function toPlanJson(state: DataplaneState): PlanJson {
  throw new Error(`Not written yet: ${state.node.name}`);
}
