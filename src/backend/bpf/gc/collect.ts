import { setImmediate as pause } from 'node:timers/promises';
import { Affinity, AffinityKey, GcRequest, Service, Sizes } from '../../../abi/generated.ts';
import type { BpfMap } from '../../../sys/bpf-map.ts';
import type { BpfObject } from '../../../sys/bpf-object.ts';
import { monotonicNs } from '../../../sys/clock.ts';
import type { ConfigWords } from '../config-words.ts';
import { expired, type GcRequest as Request } from './ct-expiry.ts';
import { CT_KEY_SIZE } from './ct-row.ts';

export interface GcReport {
  readonly conntrackDeleted: number;
  readonly affinitiesDeleted: number;
  /** Those of the addresses asked for that flows still dial. */
  readonly dialled: ReadonlySet<string>;
}

const ETHERNET_HEADER = 14;

/**
 * One round over conntrack and affinities, with a pause after each chunk. The kernel has the last word
 * on every row: what a packet touches meanwhile stays. `addresses` by addressKey.
 */
export async function collect(
  object: BpfObject,
  words: ConfigWords,
  addresses: ReadonlySet<string>,
): Promise<GcReport> {
  const conntrack = object.map('conntrack');
  const dialled = new Set<string>();
  let conntrackDeleted = 0;
  let direct = false;
  words.askRenamed();
  for (const chunk of conntrack.chunks()) {
    const lookup = (key: Uint8Array) => conntrack.lookup(key);
    const found = expired(chunk, { nowNs: Number(monotonicNs()), lookup, addresses });
    conntrackDeleted += deleteRows(object, found.requests);
    direct ||= found.direct;
    for (const address of found.dialled) dialled.add(address);
    await pause();
  }
  if (!direct) words.forgetRenamed();
  return { conntrackDeleted, dialled, affinitiesDeleted: await collectAffinities(object) };
}

/** Runs the program that looks at each row once more and deletes it, in one go of the kernel. */
function deleteRows(object: BpfObject, requests: readonly Request[]): number {
  const program = object.program('conntrack_gc');
  let deleted = 0;
  for (let start = 0; start < requests.length; start += Sizes.MAX_GC_KEYS) {
    const data = encodeRequests(requests.slice(start, start + Sizes.MAX_GC_KEYS));
    deleted += program.testRun({ data }).retval;
  }
  return deleted;
}

/** Packet data of conntrack_gc: an empty Ethernet header, then the requests. */
function encodeRequests(requests: readonly Request[]): Uint8Array {
  const data = new Uint8Array(ETHERNET_HEADER + requests.length * GcRequest.size);
  const view = new DataView(data.buffer);
  requests.forEach(({ key, seenBeforeNs }, index) => {
    const at = ETHERNET_HEADER + index * GcRequest.size;
    data.set(key, at);
    view.setBigUint64(at + CT_KEY_SIZE, BigInt(Math.floor(seenBeforeNs)), true);
  });
  return data;
}

/** Their time counts at each use; what ran out is only removed here. */
async function collectAffinities(object: BpfObject): Promise<number> {
  const affinities = object.map('affinities');
  const services = object.map('services');
  let deleted = 0;
  for (const { keys, values, count } of affinities.chunks()) {
    const nowNs = monotonicNs();
    for (let index = 0; index < count; index += 1) {
      const key = keys.subarray(index * AffinityKey.size, (index + 1) * AffinityKey.size);
      const value = values.subarray(index * Affinity.size, (index + 1) * Affinity.size);
      if (isUseless(services, key, value, nowNs) && deleteUnlessUsed(affinities, key, value)) deleted += 1;
    }
    await pause();
  }
  return deleted;
}

function isUseless(services: BpfMap, key: Uint8Array, value: Uint8Array, nowNs: bigint): boolean {
  const { serviceId } = AffinityKey.decode(key);
  const row = new DataView(services.mmap(serviceId, serviceId + 1), serviceId * Service.size, Service.size);
  const { affinitySec } = Service.decodeFrom(row, 0);
  return nowNs - Affinity.decode(value).lastUsedNs > BigInt(affinitySec) * 1_000_000_000n;
}

/** A client may have come back since the chunk was read. */
function deleteUnlessUsed(affinities: BpfMap, key: Uint8Array, value: Uint8Array): boolean {
  const now = affinities.lookup(key);
  if (now === undefined || Affinity.decode(now).lastUsedNs !== Affinity.decode(value).lastUsedNs) return false;
  return affinities.delete(key);
}
