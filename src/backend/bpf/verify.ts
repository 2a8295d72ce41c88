import { Scope, Verdict } from '../../abi/generated.ts';
import { needsVip } from './image/vip-users.ts';
import { COLUMN_COUNT, type Image, readColumn, type ServiceRow, unpackMember } from './image.ts';

/** What is wrong with an observed image, a sentence each. */
export interface Findings {
  /** Never so, not even in the middle of a commit. */
  readonly broken: readonly string[];
  /** A commit was cut off here; the next start repairs it. */
  readonly unfinished: readonly string[];
}

export function verify(image: Image): Findings {
  const services = [...image.services.values()];
  return {
    broken: [
      ...services.flatMap((row) => verifyColumns(image, row)),
      ...services.flatMap((row) => verifyMembers(image, row)),
      ...verifyNames(image, services),
      ...verifyFrontends(image),
    ],
    unfinished: [...findNameless(services), ...findUnannounced(image), ...findStrays(image)],
  };
}

function verifyColumns(image: Image, row: ServiceRow): readonly string[] {
  const problems = new Set<string>();
  for (let index = 0; index < COLUMN_COUNT; index += 1) {
    const { verdict, offset, size } = readColumn(image, row.id, index);
    if (verdict !== Verdict.FORWARD) continue;
    const place = `${title(row)} column ${index}: slots ${offset}+${size}`;
    if (!row.ranges.some((range) => range.offset === offset && range.size === size)) {
      problems.add(`${place} are another's too, or not there`);
      continue;
    }
    for (let slot = offset; slot < offset + size; slot += 1) {
      const backendId = image.slots[slot * 2] ?? 0;
      if (image.slots[slot * 2 + 1] !== row.id) problems.add(`${place}: slot ${slot} is not this service's`);
      else if (!image.backends.has(backendId)) problems.add(`${place}: slot ${slot} names no backend`);
    }
  }
  return [...problems];
}

function verifyMembers(image: Image, row: ServiceRow): readonly string[] {
  return row.members
    .map(unpackMember)
    .filter(({ backendId }) => !image.backends.has(backendId))
    .map(({ backendId }) => `${title(row)}: member ${backendId} is no backend`);
}

function verifyNames(image: Image, services: readonly ServiceRow[]): readonly string[] {
  return services
    .filter(({ id, name }) => name !== undefined && image.idByKey.get(name) !== id)
    .map((row) => `${title(row)}: another id has this name`);
}

function verifyFrontends(image: Image): readonly string[] {
  return Array.from(image.frontends)
    .filter(([, { serviceId, scope }]) => {
      const from = scope === Scope.INTERNAL ? 0 : COLUMN_COUNT / 2;
      return [0, 1, 2].every((client) => readColumn(image, serviceId, from + client).verdict === Verdict.NONE);
    })
    .map(([name, { serviceId }]) => `Frontend ${name} leads to service ${serviceId}, which has no verdict for it`);
}

function findNameless(services: readonly ServiceRow[]): readonly string[] {
  return services.filter(({ name }) => name === undefined).map((row) => `${title(row)} has no name`);
}

/** Frontends at addresses that nobody looks at. */
function findUnannounced(image: Image): readonly string[] {
  return Array.from(image.frontends)
    .filter(([, { key }]) => needsVip(key.addr) && (image.vips.get(key.addr)?.flags ?? 0) === 0)
    .map(([name]) => `Frontend ${name} has no VIP`);
}

function findStrays(image: Image): readonly string[] {
  const strays: string[] = [];
  for (let id = 1; id < image.capacities.backends; id += 1) {
    if (image.backends.has(id) && image.backendRefs[id] === 0 && !image.backendIds.isResting(id)) {
      strays.push(`Backend ${id} serves nobody`);
    }
  }
  return strays;
}

function title(row: ServiceRow): string {
  return row.name === undefined ? `Service ${row.id}` : `Service ${row.id} (${row.name})`;
}
