import type { Capacities, Image } from '../image.ts';

/** What would make room, by what fills each map. */
const CURES: Readonly<Record<keyof Capacities, string>> = {
  services: 'remove Services or ports of them',
  slots: 'remove Services or endpoints',
  backends: 'remove endpoints',
  frontends: 'remove Services, ports, or addresses of them',
  vips: 'remove Services or addresses of them',
  members: 'remove endpoints of UDP or SCTP ports or of Services with session affinity',
  service_names: 'remove Services or ports of them',
  source_ranges: 'shorten loadBalancerSourceRanges',
};

/** A refusal in words: which map, its size, and the cure. Slots must lie side by side: `room` is the longest gap. */
export function describeFull(
  { capacities }: Pick<Image, 'capacities'>,
  map: keyof Capacities,
  { needed, room }: { readonly needed: number; readonly room: number },
): string {
  const how = map === 'slots' ? ' side by side' : '';
  const size = `it holds ${capacities[map]} at most and has room for ${room}`;
  return `Map "${map}" is full: ${needed} more rows${how} are needed, ${size}: ${CURES[map]}`;
}
