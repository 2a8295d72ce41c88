import { SysError } from '../../../errors.ts';
import type { Direction } from '../../../sys/bpf-constants.ts';
import type { BpfObject } from '../../../sys/bpf-object.ts';
import { Program } from '../../../sys/bpf-program.ts';
import { attachFilter, detachFilter, type FilterPlace, queryFilter, removeClsact } from '../../../sys/tc.ts';
import { listFilters } from '../../../sys/tc-filters.ts';
import type { DeviceAttacher, DeviceHook } from './device-attachment.ts';

/**
 * Where our filters stand: early on ingress, late on egress (tc's own choice for filters without a
 * priority is 49152 and below), never at priority 1, which other tools take for theirs.
 */
const HANDLE = 0xb5c;
const PRIORITIES: Readonly<Record<Direction, readonly number[]>> = {
  ingress: [2, 3, 4, 5, 6, 7, 8, 9],
  egress: [65007, 65006, 65005, 65004, 65003, 65002, 65001, 65000],
};

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

/** Before Linux 6.6: direct action filters of the clsact qdisc. They need no pin to stay. */
export function clsactFilters(object: BpfObject): DeviceAttacher {
  const mapIds = new Set([...object.maps.values()].map((map) => map.id));
  return {
    async attach(ifindex, hook) {
      const program = object.program(hook.program);
      const own = ownFilter(ifindex, hook, mapIds);
      if (own === undefined) attachToFreePlace(program, ifindex, hook.direction);
      else attachFilter(program, own.place);
    },
    detach: (ifindex, hook) => detachOwnFilter(ifindex, hook, mapIds),
    isAttached: (ifindex, hook) => ownFilter(ifindex, hook, mapIds)?.programId === object.program(hook.program).id,
  };
}

/**
 * Takes our filter off, known by its name and by the maps it uses, and the qdisc with the last filter of
 * all; others' are never touched.
 */
export function detachOwnFilter(ifindex: number, hook: DeviceHook, mapIds: ReadonlySet<number>): void {
  const own = ownFilter(ifindex, hook, mapIds);
  if (own === undefined) return;
  detachFilter(own.place);
  const isEmpty = DIRECTIONS.every((direction) => listFilters(ifindex, direction).length === 0);
  if (isEmpty) removeClsact(ifindex);
}

/** Has another tool a filter there? */
export function hasForeignFilter(ifindex: number, direction: Direction): boolean {
  return listFilters(ifindex, direction).some(
    ({ handle, priority }) => handle !== HANDLE || !PRIORITIES[direction].includes(priority),
  );
}

interface OwnFilter {
  readonly place: FilterPlace;
  readonly programId: number;
}

function ownFilter(ifindex: number, hook: DeviceHook, mapIds: ReadonlySet<number>): OwnFilter | undefined {
  for (const place of places(ifindex, hook.direction)) {
    const programId = queryFilter(place);
    if (programId === undefined) continue;
    using program = Program.openById(programId);
    if (program?.name === hook.program && program.mapIds.some((id) => mapIds.has(id))) return { place, programId };
  }
  return undefined;
}

/** A priority that another tool uses with another protocol or classifier is refused by the kernel: the next one. */
function attachToFreePlace(program: Program, ifindex: number, direction: Direction): void {
  let refusal: SysError | undefined;
  for (const place of places(ifindex, direction)) {
    if (queryFilter(place) !== undefined) continue;
    try {
      attachFilter(program, place);
      return;
    } catch (error) {
      if (!(error instanceof SysError) || error.code !== 'EINVAL') throw error;
      refusal = error;
    }
  }
  throw new SysError(
    {
      operation: `attach "${program.name}" to`,
      target: `ifindex ${ifindex} ${direction}`,
      errno: 16,
      code: 'EBUSY',
      cure: `other tools hold the priorities ${PRIORITIES[direction].join(', ')}: see "tc filter show dev DEVICE ${direction}"`,
    },
    { cause: refusal },
  );
}

function places(ifindex: number, direction: Direction): readonly FilterPlace[] {
  return PRIORITIES[direction].map((priority) => ({ ifindex, direction, priority, handle: HANDLE }));
}
