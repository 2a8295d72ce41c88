import { setImmediate as pause } from 'node:timers/promises';
import { Affinity, AffinityKey, FlowFlag, Service } from '../../../abi/generated.ts';
import type { BpfMap } from '../../../sys/bpf-map.ts';
import type { BpfObject } from '../../../sys/bpf-object.ts';
import { monotonicNs } from '../../../sys/clock.ts';
import type { ConfigWords } from '../config-words.ts';
import { dialledAddress, flowFlags, livingFlows } from '../living-flows.ts';

export interface GcReport {
  readonly affinitiesDeleted: number;
  /** Those of the addresses asked for that flows still dial. */
  readonly dialled: ReadonlySet<string>;
}

/**
 * One round over affinities, with a pause after each chunk, and over the flows where something hangs on
 * them: flows themselves need no collection. `addresses` by addressKey.
 */
export async function collect(
  object: BpfObject,
  words: ConfigWords,
  addresses: ReadonlySet<string>,
): Promise<GcReport> {
  const dialled = new Set<string>();
  let met = 0; // FlowFlag bits
  words.renamed.ask();
  words.nodeFlows.ask();
  if (words.renamed.mayExist || words.nodeFlows.mayExist || addresses.size > 0) {
    const nowSec = Number(monotonicNs() / NS_PER_SEC);
    for (const flows of livingFlows(object.map('flows'), nowSec)) {
      met = flows.reduce((flags, flow) => flags | flowFlags(flow), met);
      for (const address of flows.map(dialledAddress)) if (addresses.has(address)) dialled.add(address);
      await pause();
    }
  }
  if ((met & FlowFlag.DIRECT) === 0) words.renamed.forget();
  if ((met & FlowFlag.NODE) === 0) words.nodeFlows.forget();
  return { dialled, affinitiesDeleted: await collectAffinities(object) };
}

const NS_PER_SEC = 1_000_000_000n;

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
  return nowNs - Affinity.decode(value).lastUsedNs > BigInt(affinitySec) * NS_PER_SEC;
}

/** A client may have come back since the chunk was read. */
function deleteUnlessUsed(affinities: BpfMap, key: Uint8Array, value: Uint8Array): boolean {
  const now = affinities.lookup(key);
  if (now === undefined || Affinity.decode(now).lastUsedNs !== Affinity.decode(value).lastUsedNs) return false;
  return affinities.delete(key);
}
