import { SysError } from '../../../errors.ts';
import { type Link, openPinnedLink } from '../../../sys/bpf-link.ts';
import type { Program } from '../../../sys/bpf-program.ts';
import { unpin } from '../pins.ts';

/** Takes a pinned link off its hook, also where somebody else holds it open. False: nothing was pinned. */
export function removeLink(path: string): boolean {
  using link = openPinnedLink(path);
  if (link === undefined) return false;
  detachLink(link);
  unpin(path);
  return true;
}

/** A link that holds nothing any more is fine. */
export function detachLink(link: Link): void {
  unlessGone(() => link.detach());
}

/** Puts the program in the place of the link's own, in one step. False: the link's target is gone. */
export function updateLink(link: Link, program: Program): boolean {
  return unlessGone(() => link.update(program));
}

function unlessGone(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof SysError && error.code === 'ENOLINK') return false;
    throw error;
  }
}
