import type { Direction } from './bpf-constants.ts';
import { captureBpfLog } from './bpf-log.ts';
import type { Program } from './bpf-program.ts';
import { check, Errno } from './errno.ts';
import { libbpf } from './ffi/library.ts';
import { Struct } from './ffi/struct.ts';

/** Where a filter of the clsact qdisc stands. */
export interface FilterPlace {
  readonly ifindex: number;
  readonly direction: Direction;
  /** 1..65535; lower runs first. */
  readonly priority: number;
  /** >= 1 */
  readonly handle: number;
}

const ATTACH_POINT = { ingress: 1, egress: 2 } as const;
/** BPF_TC_INGRESS | BPF_TC_EGRESS: the qdisc itself. */
const BOTH = 3;
const REPLACE = 1;

/** Adds the program as direct action filter, or replaces the one at that place; makes the clsact qdisc where missing. */
export function attachFilter(program: Program, place: FilterPlace): void {
  const target = describe(place);
  const lines: string[] = [];
  const created = captureBpfLog(lines, () => libbpf().bpf_tc_hook_create(hookOf(place.ifindex, BOTH).bytes));
  if (created !== -Errno.EEXIST) check(created, 'make clsact for', target);
  const options = optionsOf(place).u32(8, program.fd).u32(12, REPLACE);
  const attached = captureBpfLog(lines, () => libbpf().bpf_tc_attach(hookAt(place).bytes, options.bytes));
  check(attached, `attach "${program.name}" to`, target);
}

/** Removes the clsact qdisc with all filters it holds; a missing one (or device) is fine. */
export function removeClsact(ifindex: number): void {
  const lines: string[] = [];
  const result = captureBpfLog(lines, () => libbpf().bpf_tc_hook_destroy(hookOf(ifindex, BOTH).bytes));
  if (!isAbsent(result)) check(result, 'remove clsact from', `ifindex ${ifindex}`);
}

/** Takes the filter off; a missing one (or device) is fine. The qdisc stays: others may use it. */
export function detachFilter(place: FilterPlace): void {
  const lines: string[] = [];
  const result = captureBpfLog(lines, () => libbpf().bpf_tc_detach(hookAt(place).bytes, optionsOf(place).bytes));
  if (!isAbsent(result)) check(result, 'detach filter from', describe(place));
}

/** The id of the program at that place; undefined: none. */
export function queryFilter(place: FilterPlace): number | undefined {
  const options = optionsOf(place);
  const lines: string[] = [];
  const result = captureBpfLog(lines, () => libbpf().bpf_tc_query(hookAt(place).bytes, options.bytes));
  if (isAbsent(result)) return undefined;
  check(result, 'read filter of', describe(place));
  return options.readU32(16);
}

/** No filter, no qdisc (EINVAL), no device. */
function isAbsent(result: number): boolean {
  return result === -Errno.ENOENT || result === -Errno.EINVAL || result === -Errno.ENODEV;
}

function hookAt(place: FilterPlace): Struct {
  return hookOf(place.ifindex, ATTACH_POINT[place.direction]);
}

/** struct bpf_tc_hook */
function hookOf(ifindex: number, attachPoint: number): Struct {
  return Struct.options(24).u32(8, ifindex).u32(12, attachPoint);
}

/** struct bpf_tc_opts */
function optionsOf(place: FilterPlace): Struct {
  return Struct.options(32).u32(20, place.handle).u32(24, place.priority);
}

function describe(place: FilterPlace): string {
  return `ifindex ${place.ifindex} ${place.direction}`;
}
