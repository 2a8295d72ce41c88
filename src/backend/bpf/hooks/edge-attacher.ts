import type { Logger } from 'pino';
import type { BpfObject } from '../../../sys/bpf-object.ts';
import type { Pins } from '../pins.ts';
import { clsactFilters, hasForeignFilter } from './clsact-filters.ts';
import type { DeviceAttacher, DeviceHook } from './device-attachment.ts';
import { tcxLinks } from './tcx-links.ts';

/**
 * TCX links, and on egress clsact filters where another tool has some: the kernel runs TCX first, and
 * that tool would see our addresses instead of the real ones. Whoever comes later is noticed at the
 * next resync.
 */
export function edgeAttacher(object: BpfObject, pins: Pins, log: Logger): DeviceAttacher {
  const links = tcxLinks(object, pins);
  const filters = clsactFilters(object);
  const choose = (ifindex: number, { direction }: DeviceHook) =>
    direction === 'egress' && hasForeignFilter(ifindex, direction)
      ? { chosen: filters, other: links }
      : { chosen: links, other: filters };
  return {
    async attach(ifindex, hook) {
      const { chosen, other } = choose(ifindex, hook);
      // A filter that answers TC_ACT_OK ends the chain: people must know where to look.
      if (chosen === filters)
        log.warn({ ifindex, prog: hook.program }, 'another tool filters egress, ours runs after it');
      await chosen.attach(ifindex, hook);
      // Only then: running twice does no harm, a gap does.
      other.detach(ifindex, hook);
    },
    detach: (ifindex, hook) => {
      links.detach(ifindex, hook);
      filters.detach(ifindex, hook);
    },
    isAttached: (ifindex, hook) => choose(ifindex, hook).chosen.isAttached(ifindex, hook),
  };
}
