import type { Ip } from '../../model/ip.ts';
import { isDraining } from './image/vip-users.ts';
import type { Image } from './image.ts';
import type { Delete, Write } from './write.ts';

/** A program that has read an id or a range before it was given up is done with it after this. */
export const GRACE_MS = 1000;

/** Frees what has been given up for long enough; call it before a diff, never between the parts of one. */
export function retire(image: Image, nowMs: number): readonly Write[] {
  const untilMs = nowMs - GRACE_MS;
  const serviceIds = image.serviceIds.expire(untilMs);
  const backendIds = image.backendIds.expire(untilMs);
  const hasRanges = image.ranges.expire(untilMs);
  const rows = backendIds.flatMap((id): readonly Write[] => {
    const row = image.backends.get(id);
    image.backends.clear(id);
    return row === undefined ? [] : [{ kind: 'store-backend', id, row: FREE_ROW }];
  });
  if (serviceIds.length + backendIds.length > 0 || hasRanges) image.hasNewRoom = true;
  // A row that is still there tells the next start that its counters are, too.
  return [
    ...serviceIds.map((key): Delete => ({ kind: 'delete', map: 'service_counters', key })),
    ...backendIds.map((key): Delete => ({ kind: 'delete', map: 'backend_counters', key })),
    ...rows,
  ];
}

/** VIPs without users, whose rows only old flows need. */
export function drainingVips(image: Image): readonly Ip[] {
  return Array.from(image.vips)
    .filter(([, row]) => isDraining(row))
    .map(([vip]) => vip);
}

/** Deletes draining VIPs that no conntrack row speaks of. */
export function collectVips(image: Image, referenced: ReadonlySet<Ip>): readonly Write[] {
  const gone = drainingVips(image).filter((vip) => !referenced.has(vip));
  for (const vip of gone) image.vips.delete(vip);
  if (gone.length > 0) image.hasNewRoom = true;
  return gone.map((key): Delete => ({ kind: 'delete', map: 'vips', key }));
}

const FREE_ROW = { addr: '::' as Ip, port: 0, proto: 0, flags: 0 }; // canonical as written
