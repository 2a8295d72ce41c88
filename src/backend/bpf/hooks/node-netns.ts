import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCgroup2 } from '../../../sys/mount.ts';
import { openUdpSocket } from '../../../sys/socket.ts';
import type { ConfigWords } from '../config-words.ts';

/**
 * Tells the programs which network namespace is the node's: ours. The socket says it itself from Linux
 * 5.14 on. False: not learnt, and the node's sockets count as a pod's until it is.
 */
export function learnNodeNetns(words: ConfigWords, cgroup: string): boolean {
  using socket = openUdpSocket();
  if (socket.netnsCookie === undefined) return learnByProbe(words, cgroup);
  words.nodeNetnsCookie = socket.netnsCookie;
  return true;
}

/**
 * Before Linux 5.14 a program must see our connect(), so the hooks must be attached. A hook runs for the
 * cgroup in which a socket was made: where the hooks do not cover ours (a scratch cgroup), this process
 * visits theirs for that moment.
 */
export function learnByProbe(words: ConfigWords, cgroup: string): boolean {
  if (probeByConnect(words)) return true;
  const home = ownCgroup();
  if (home === undefined) return false;
  const pid = String(process.pid);
  writeFileSync(join(cgroup, 'cgroup.procs'), pid);
  try {
    return probeByConnect(words);
  } finally {
    writeFileSync(join(home, 'cgroup.procs'), pid);
  }
}

/** Nobody needs to listen: connecting a UDP socket sends nothing. */
function probeByConnect(words: ConfigWords): boolean {
  using socket = openUdpSocket();
  words.probeCookie = socket.cookie;
  socket.connect('127.0.0.1', 9);
  const isLearnt = words.probeCookie === 0n;
  words.probeCookie = 0n;
  return isLearnt;
}

/** The directory of cgroup v2 that this process is in. */
function ownCgroup(): string | undefined {
  const path = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  const root = findCgroup2();
  return path === undefined || root === undefined ? undefined : join(root, path);
}
