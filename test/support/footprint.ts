import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import type { Lab } from './lab.ts';

/** What anybody can see of an agent on a lab's node: equal before it came and after its clean-up. */
export interface Footprint {
  readonly pins: readonly string[];
  readonly mounts: readonly string[];
  readonly cgroupPrograms: readonly string[];
  readonly filters: string;
  readonly devices: readonly string[];
  readonly addresses: string;
  readonly routes: string;
  readonly rules: string;
  readonly namespaces: readonly string[];
  readonly cgroups: readonly string[];
  /** The node's network sysctls. */
  readonly sysctls: readonly string[];
}

export async function footprint(lab: Lab): Promise<Footprint> {
  const { node } = lab;
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').filter((line) => line.includes(lab.prefix));
  const sysctls = (await node.run(['sysctl', '-a', '--pattern', '^net\\.'])).split('\n').filter(isSetting);
  return {
    pins: await listBelow(lab.bpffs),
    mounts: mounts.sort(),
    cgroupPrograms: await cgroupPrograms(lab),
    filters: await node.run(['sh', '-c', 'tc qdisc; bpftool net']),
    devices: (await node.run(['ip', '-brief', 'link'])).split('\n').map((line) => line.split(/\s+/)[0] ?? ''),
    addresses: await node.run(['ip', '-brief', 'address']),
    routes: await node.run(['sh', '-c', 'ip route; ip -6 route; ip rule; ip -6 rule']),
    rules: await node.run(['sh', '-c', 'nft --stateless list ruleset']),
    namespaces: (await readdir('/run/netns')).filter((name) => name.startsWith(lab.prefix)).sort(),
    cgroups: (await listBelow(lab.cgroup)).filter((name) => !name.includes('.')),
    sysctls,
  };
}

/** The kernel's BPF objects that live through this agent, by kind and id. */
export type BpfObject = `${'map' | 'prog' | 'link'} ${number}`;

/** What the process has open and what is pinned in the lab's bpffs. */
export async function bpfObjectsOf(lab: Lab, pid: number): Promise<readonly BpfObject[]> {
  const objects = new Set<BpfObject>();
  for (const fd of await readdir(`/proc/${pid}/fdinfo`)) {
    // A descriptor may close between the listing and the reading.
    const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8').catch(() => '');
    for (const [, kind, id] of info.matchAll(/^(map|prog|link)_id:\s+(\d+)$/gm)) {
      objects.add(`${kind as 'map' | 'prog' | 'link'} ${Number(id)}`);
    }
  }
  for (const kind of ['map', 'prog', 'link'] as const) {
    for (const { id, pinned = [] } of await list(kind, ['--bpffs'])) {
      if (pinned.some((path) => path.startsWith(lab.bpffs))) objects.add(`${kind} ${id}`);
    }
  }
  return [...objects].sort();
}

/** Which of these the kernel still has. Ids are not used twice in a lab's life. */
export async function living(objects: readonly BpfObject[]): Promise<readonly BpfObject[]> {
  const alive = new Set<BpfObject>();
  for (const kind of ['map', 'prog', 'link'] as const) {
    for (const { id } of await list(kind, [])) alive.add(`${kind} ${id}`);
  }
  return objects.filter((object) => alive.has(object));
}

async function list(kind: string, flags: readonly string[]): Promise<readonly { id: number; pinned?: string[] }[]> {
  const text = await run(['bpftool', '--json', ...flags, kind, 'show']);
  return text.trim() === '' ? [] : (JSON.parse(text) as readonly { id: number; pinned?: string[] }[]);
}

async function cgroupPrograms(lab: Lab): Promise<readonly string[]> {
  const text = await run(['bpftool', '--json', 'cgroup', 'show', lab.cgroup]);
  const programs = text.trim() === '' ? [] : (JSON.parse(text) as readonly { attach_type: string; name: string }[]);
  return programs.map(({ attach_type, name }) => `${attach_type} ${name}`).sort();
}

async function listBelow(folder: string): Promise<readonly string[]> {
  return (await readdir(folder, { recursive: true })).map((name) => join(folder, name)).sort();
}

/** Not a setting: what the kernel counts itself. */
function isSetting(line: string): boolean {
  return !/count|\.nf_log|_nr|stat|inode|fwd_table_seq/.test(line.split(' ')[0] ?? '');
}
