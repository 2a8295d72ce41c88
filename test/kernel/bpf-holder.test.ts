import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { provideBpffs } from '../../src/backend/bpf/bpffs.ts';
import { cleanupBpf } from '../../src/backend/bpf/cleanup.ts';
import { probeFeatures } from '../../src/backend/bpf/features.ts';
import { Holder } from '../../src/backend/bpf/holder.ts';
import { clsactFilters } from '../../src/backend/bpf/hooks/clsact-filters.ts';
import { DEVICE_HOOKS } from '../../src/backend/bpf/hooks/device-attachment.ts';
import { attachSocketHooks } from '../../src/backend/bpf/hooks/socket-hooks.ts';
import { loadDataplane } from '../../src/backend/bpf/load.ts';
import { listPins, makePins, type Pins } from '../../src/backend/bpf/pins.ts';
import { SysError } from '../../src/errors.ts';
import { openLinkById, openPinnedLink } from '../../src/sys/bpf-link.ts';
import { BpfMap } from '../../src/sys/bpf-map.ts';
import type { BpfObject } from '../../src/sys/bpf-object.ts';
import { isBpffsMountPoint } from '../../src/sys/mount.ts';
import { eventually } from '../support/deadline.ts';
import { makeScratch, makeVeth, type Scratch } from './hooks-scratch.ts';

const log = pino({ level: 'silent' });
const never = new AbortController().signal;

let scratch: Scratch;

beforeEach(() => {
  scratch = makeScratch();
});

afterEach(() => scratch[Symbol.dispose]());

const take = (standby: boolean, signal = never): Promise<Holder> =>
  Holder.take({ bpffs: scratch.bpffs, standby, signal, onWait: (holder) => waits.push(holder) });
const waits: string[] = [];

test('a second agent is refused, with the name of the first', async () => {
  using object = await loadDataplane(makePins(scratch.bpffs), probeFeatures());
  using holder = await take(false);
  await expect(take(false)).rejects.toThrow('another agent, which has not said its name yet, holds the node');
  holder.sign(object.map('agent'), { pid: 12, startedMs: 0n, node: 'node-a', pod: 'ns/b' });
  const refusal = await take(false).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(SysError);
  expect(String(refusal)).toContain(
    `Cannot lock "${scratch.bpffs}": EBUSY: agent with pid 12 on node "node-a" in pod "ns/b", started 1970-01-01T00:00:00.000Z, holds the node`,
  );
  await expect(cleanupBpf({ bpffs: scratch.bpffs, log })).rejects.toThrow('holds the node');
});

test('a standby waits for the holder to go, or for the signal', async () => {
  const abort = new AbortController();
  const holder = await take(false);
  const stopped = take(true, abort.signal);
  const waiting = take(true);
  abort.abort();
  await expect(stopped).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  holder[Symbol.dispose]();
  using next = await waiting;
  expect(next).toBeInstanceOf(Holder);
  expect(waits.length).toBe(2);
});

test('cleanup leaves nothing of a run that crashed, of any layout, and nothing else goes', async () => {
  using veth = makeVeth();
  let left: () => number;
  mkdirSync(join(scratch.bpffs, 'theirs'));
  {
    const pins = makePins(scratch.bpffs);
    using object = await loadDataplane(pins, probeFeatures());
    attachSocketHooks({ object, pins, cgroup: scratch.cgroup });
    for (const hook of DEVICE_HOOKS) await clsactFilters(object).attach(veth.ifindex, hook);
    mkdirSync(join(scratch.bpffs, 'v0123456789ab', 'maps'), { recursive: true });
    left = objectsOf(pins, object);
    expect(left()).toBe(8 + object.maps.size);
    object.map('vips').pin(join(scratch.bpffs, 'v0123456789ab', 'maps', 'vips'));
  }
  await cleanupBpf({ bpffs: scratch.bpffs, log });
  expect(pinned()).toEqual(['theirs']);
  await eventually('links and maps to go', () => left() === 0 || undefined);
  rmSync(join(scratch.bpffs, 'theirs'), { recursive: true });
  await cleanupBpf({ bpffs: scratch.bpffs, log });
});

test('a bpffs is mounted where none is, once, and cleanup unmounts it', async () => {
  const folder = join(scratch.bpffs, '..', 'fresh');
  const [one, two] = await Promise.all([provideBpffs(folder), provideBpffs(folder)]);
  expect([one, two].filter((mounted) => mounted !== undefined)).toEqual([join(folder)]);
  expect(await provideBpffs(folder)).toBeUndefined();
  makePins(folder);
  await cleanupBpf({ bpffs: folder, log });
  expect(isBpffsMountPoint(folder)).toBe(false);
});

test('a folder on the bpffs of somebody else goes without its mount', async () => {
  const folder = join(scratch.bpffs, 'ours');
  expect(await provideBpffs(folder)).toBeUndefined();
  makePins(folder);
  await cleanupBpf({ bpffs: folder, log });
  expect(pinned()).toEqual([]);
});

/** Everything at the root of the bpffs, but for the kernel's own files. */
function pinned(): readonly string[] {
  return readdirSync(scratch.bpffs).filter((name) => !name.endsWith('.debug'));
}

/** Counts those of the run's links and maps that are still in the kernel. */
function objectsOf(pins: Pins, object: BpfObject): () => number {
  const mapIds = [...object.maps.values()].map(({ id }) => id);
  const linkIds = listPins(pins).links.map((path) => {
    using link = openPinnedLink(path);
    return link?.id ?? 0;
  });
  return () => {
    const links = linkIds.map(openLinkById).filter((link) => link !== undefined);
    const maps = mapIds.map((id) => BpfMap.openById(id)).filter((map) => map !== undefined);
    for (const found of [...links, ...maps]) found[Symbol.dispose]();
    return links.length + maps.length;
  };
}
