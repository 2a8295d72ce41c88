import { readFileSync } from 'node:fs';
import { libbpf } from './ffi/library.ts';
import { findCgroup2 } from './mount.ts';

const CAP_NET_ADMIN = 12;
const CAP_SYS_ADMIN = 21;
const CAP_PERFMON = 38;
const CAP_BPF = 39;

/** One sentence for each thing this machine lacks to run the eBPF backend at all: what, why, how to get it. */
export function missingRequirements(): readonly string[] {
  return [capabilities(effectiveCapabilities()), library(), cgroup2()].filter((sentence) => sentence !== undefined);
}

/** `effective`: the bit mask of CapEff. */
export function capabilities(effective: bigint): string | undefined {
  const has = (capability: number): boolean => ((effective >> BigInt(capability)) & 1n) === 1n;
  const loads = has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON));
  const missing = [
    ...(has(CAP_NET_ADMIN) ? [] : ['CAP_NET_ADMIN']),
    ...(loads ? [] : ['CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN)']),
  ];
  if (missing.length === 0) return undefined;
  return `Missing ${missing.join(', ')}: programs are loaded and attached with it: run as root, or add it to the container's capabilities`;
}

function effectiveCapabilities(): bigint {
  const status = readFileSync('/proc/self/status', 'utf8');
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
}

function library(): string | undefined {
  try {
    libbpf();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.message;
  }
}

function cgroup2(): string | undefined {
  if (findCgroup2() !== undefined) return undefined;
  return 'Missing cgroup2: sockets are hooked by cgroup: mount it (mount -t cgroup2 none /sys/fs/cgroup/unified) or name it with --cgroup';
}
