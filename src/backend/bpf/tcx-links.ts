import { SysError } from '../../errors.ts';
import { attachTcx, type Link, openPinnedLink } from '../../sys/bpf-link.ts';
import type { BpfObject } from '../../sys/bpf-object.ts';
import type { Program } from '../../sys/bpf-program.ts';
import { tcxPrograms } from '../../sys/bpf-query.ts';
import type { DeviceAttacher, DeviceHook } from './device-attachment.ts';
import { linkPin, type Pins, unpin } from './pins.ts';

/** Linux 6.6 and later: one pinned link per device and program, replaced in place after a restart. */
export function tcxLinks(object: BpfObject, pins: Pins): DeviceAttacher {
  const pathOf = (ifindex: number, { program }: DeviceHook) => linkPin(pins, program, ifindex);
  return {
    attach: (ifindex, hook) => attach(object.program(hook.program), ifindex, hook, pathOf(ifindex, hook)),
    detach: (ifindex, hook) => removeTcxLink(pathOf(ifindex, hook)),
    isAttached: (ifindex, hook) => {
      using link = openPinnedLink(pathOf(ifindex, hook));
      return link !== undefined && isAt(link, ifindex, hook) && link.info().programId === object.program(hook.program).id;
    },
  };
}

/** Takes a link off its device; one whose device is gone, or a missing pin, is fine. */
export function removeTcxLink(path: string): void {
  using link = openPinnedLink(path);
  if (link !== undefined) unlessGone(() => link.detach());
  unpin(path);
}

function attach(program: Program, ifindex: number, hook: DeviceHook, path: string): void {
  using earlier = openPinnedLink(path);
  if (earlier !== undefined && isAt(earlier, ifindex, hook) && unlessGone(() => earlier.update(program))) return;
  using link = attachTcx(program, ifindex, hook.direction, hook.place);
  if (earlier !== undefined) unlessGone(() => earlier.detach());
  unpin(path);
  link.pin(path);
}

/** An ifindex is given away again, and is another device in another namespace: only the device itself tells. */
function isAt(link: Link, ifindex: number, { direction }: DeviceHook): boolean {
  const info = link.info();
  if (info.kind !== 'tcx' || info.ifindex !== ifindex) return false;
  return tcxPrograms(ifindex, direction).includes(info.programId);
}

/** False: the link's device is gone. */
function unlessGone(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof SysError && error.code === 'ENOLINK') return false;
    throw error;
  }
}
