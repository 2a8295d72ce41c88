import type { Direction } from './bpf-constants.ts';
import type { Program } from './bpf-program.ts';

/** Where a filter of the clsact qdisc stands. */
export interface FilterPlace {
  readonly ifindex: number;
  readonly direction: Direction;
  /** 1..65535; lower runs first. */
  readonly priority: number;
  /** >= 1 */
  readonly handle: number;
}

/** Adds the program as direct action filter, or replaces the one at that place; makes the clsact qdisc where missing. */
export function attachFilter(_program: Program, _place: FilterPlace): void {
  throw new Error('not there yet');
}

/** Takes the filter off; a missing one (or device) is fine. The qdisc stays: others may use it. */
export function detachFilter(_place: FilterPlace): void {
  throw new Error('not there yet');
}

/** The id of the program at that place; undefined: none. */
export function queryFilter(_place: FilterPlace): number | undefined {
  throw new Error('not there yet');
}
