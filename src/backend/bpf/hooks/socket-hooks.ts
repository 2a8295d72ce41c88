import { attachCgroup, type Link, openPinnedLink } from '../../../sys/bpf-link.ts';
import type { BpfObject } from '../../../sys/bpf-object.ts';
import type { Program } from '../../../sys/bpf-program.ts';
import { effectiveCgroupPrograms } from '../../../sys/bpf-query.ts';
import { cgroupId } from '../../../sys/mount.ts';
import { linkPin, type Pins, unpin } from '../pins.ts';
import { detachLink, removeLink, updateLink } from './pinned-link.ts';

/** One program per socket call; each runs beside other tools' programs at its hook. */
const SOCKET_PROGRAMS = [
  'connect4',
  'connect6',
  'sendmsg4',
  'sendmsg6',
  'recvmsg4',
  'recvmsg6',
  'getpeername4',
  'getpeername6',
] as const;

export interface SocketHooks {
  readonly object: BpfObject;
  readonly pins: Pins;
  /** Directory of cgroup v2. */
  readonly cgroup: string;
}

/**
 * Brings this build's programs to their hooks: a link of an earlier run gets the new program in place,
 * so that no socket call slips through. What is in place already stays. Returns how many were changed.
 */
export function attachSocketHooks(hooks: SocketHooks): number {
  const changed = SOCKET_PROGRAMS.filter((name) => !isAttached(hooks, hooks.object.program(name)));
  for (const name of changed) attach(hooks, hooks.object.program(name));
  return changed.length;
}

/** For --socket-hooks off, after a run that had them on. Returns how many were there. */
export function detachSocketHooks(pins: Pins): number {
  const pinned = SOCKET_PROGRAMS.map((name) => linkPin(pins, name)).filter(removeLink);
  return pinned.length;
}

function isAttached({ pins, cgroup }: SocketHooks, program: Program): boolean {
  using link = openPinnedLink(linkPin(pins, program.name));
  if (link === undefined || link.info().programId !== program.id) return false;
  return effectiveCgroupPrograms(cgroup, hookOf(program)).includes(program.id);
}

function attach({ pins, cgroup }: SocketHooks, program: Program): void {
  const path = linkPin(pins, program.name);
  using earlier = openPinnedLink(path);
  if (earlier !== undefined && isAt(earlier, cgroup) && updateLink(earlier, program)) return;
  using link = attachCgroup(program, cgroup);
  if (earlier !== undefined) detachLink(earlier);
  unpin(path);
  link.pin(path);
}

function isAt(link: Link, cgroup: string): boolean {
  const info = link.info();
  return info.kind === 'cgroup' && info.cgroupId === cgroupId(cgroup);
}

function hookOf(program: Program): number {
  if (program.expectedAttachType === undefined) throw new Error(`Program "${program.name}" has no socket hook`);
  return program.expectedAttachType;
}
