import { attachTcx, type Link, openPinnedLink } from '../../../sys/bpf-link.ts';
import type { BpfObject } from '../../../sys/bpf-object.ts';
import type { Program } from '../../../sys/bpf-program.ts';
import { tcxPrograms } from '../../../sys/bpf-query.ts';
import { linkPin, type Pins, unpin } from '../pins.ts';
import type { DeviceAttacher, DeviceHook } from './device-attachment.ts';
import { detachLink, removeLink, updateLink } from './pinned-link.ts';

/** Linux 6.6 and later: one pinned link per device and program, replaced in place after a restart. */
export function tcxLinks(object: BpfObject, pins: Pins): DeviceAttacher {
  const pathOf = (ifindex: number, { program }: DeviceHook) => linkPin(pins, program, ifindex);
  return {
    attach: (ifindex, hook) => attach(object.program(hook.program), ifindex, hook, pathOf(ifindex, hook)),
    detach: (ifindex, hook) => void removeLink(pathOf(ifindex, hook)),
    isAttached: (ifindex, hook) => {
      using link = openPinnedLink(pathOf(ifindex, hook));
      return (
        link !== undefined && isAt(link, ifindex, hook) && link.info().programId === object.program(hook.program).id
      );
    },
  };
}

async function attach(program: Program, ifindex: number, hook: DeviceHook, path: string): Promise<void> {
  using earlier = openPinnedLink(path);
  if (earlier !== undefined && isAt(earlier, ifindex, hook) && updateLink(earlier, program)) return;
  using link = await attachTcx(program, ifindex, hook.direction, hook.place);
  if (earlier !== undefined) detachLink(earlier);
  unpin(path);
  link.pin(path);
}

/** An ifindex is given away again, and is another device in another namespace: only the device itself tells. */
function isAt(link: Link, ifindex: number, { direction }: DeviceHook): boolean {
  const info = link.info();
  if (info.kind !== 'tcx' || info.ifindex !== ifindex) return false;
  return tcxPrograms(ifindex, direction).includes(info.programId);
}
