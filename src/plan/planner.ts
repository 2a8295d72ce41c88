import type { Op } from '../model/op.ts';
import type { PlanConfig } from './config.ts';
import type { DataplaneState, StateDelta } from './state.ts';

/** Keeps the model and the state that follows from it; not thread-bound to any clock or world. */
export interface Planner {
  /** A listing is complete; until then nothing may be applied. */
  readonly synced: boolean;
  /** Cheap: only notes what has to be planned again. */
  apply(op: Op): void;
  /** Plans what is dirty; says what differs from the state before. */
  plan(): StateDelta;
  /** The state of the last plan(); its maps are live, valid until the next plan(). */
  state(): DataplaneState;
}

export function createPlanner(config: PlanConfig): Planner {
  throw new Error(`Not written yet: ${config.nodeName}`);
}
