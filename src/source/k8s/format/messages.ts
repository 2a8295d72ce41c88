import { createPool } from '../../../model/intern.ts';
import type { Field, FieldType, Message } from './project.ts';

/**
 * What the planner reads of the API's objects, by field number as in the generated.proto of k8s.io/api and apimachinery.
 * A field that a parser of src/model reads stands here, too; a test holds both readings of the same objects equal.
 */

/** The body of an object, a list or a Status, by its kind. */
export function messageOf(kind: string): Message | undefined {
  return MESSAGES.get(kind);
}

const TEXT: FieldType = { kind: 'text' };
const KEPT: FieldType = { kind: 'kept' };
const TEXTS: FieldType = { kind: 'texts' };
const INTEGER: FieldType = { kind: 'integer' };
const BOOLEAN: FieldType = { kind: 'boolean' };
const TIME: FieldType = { kind: 'time' };
const BYTES: FieldType = { kind: 'bytes' };

function entries(...keys: readonly string[]): FieldType {
  return { kind: 'entries', keys: new Set(keys) };
}

function one(numbered: Numbered): FieldType {
  return { kind: 'message', message: message(numbered) };
}

function shared(numbered: Numbered): FieldType {
  return { kind: 'shared', message: message(numbered), pool: createPool() };
}

function many(numbered: Numbered): FieldType {
  return { kind: 'messages', message: message(numbered) };
}

type Numbered = Readonly<Record<number, readonly [name: string, type: FieldType]>>;

function message(numbered: Numbered): Message {
  const fields: (Field | undefined)[] = [];
  for (const [number, [name, type]] of Object.entries(numbered)) {
    while (fields.length < Number(number)) fields.push(undefined);
    fields.push({ name, type });
  }
  return fields;
}

/** runtime.Unknown: around every object on the wire. */
export const UNKNOWN = message({
  1: ['typeMeta', one({ 1: ['apiVersion', TEXT], 2: ['kind', TEXT] })],
  2: ['raw', BYTES],
});

/** metav1.WatchEvent */
export const WATCH_EVENT = message({
  1: ['type', TEXT],
  2: ['object', one({ 1: ['raw', BYTES] })],
});

/** `own`: what this kind alone needs. */
function metadata(own: Numbered, ...labels: readonly string[]): FieldType {
  return one({
    1: ['name', TEXT],
    3: ['namespace', TEXT],
    6: ['resourceVersion', TEXT],
    11: ['labels', entries(...labels)],
    12: ['annotations', entries('k8s.io/initial-events-end')],
    ...own,
  });
}

const SERVICE: Numbered = {
  1: ['metadata', metadata({ 8: ['creationTimestamp', TIME] }, 'service.kubernetes.io/service-proxy-name')],
  2: [
    'spec',
    one({
      1: ['ports', many({ 1: ['name', TEXT], 2: ['protocol', TEXT], 3: ['port', INTEGER], 5: ['nodePort', INTEGER] })],
      3: ['clusterIP', TEXT],
      4: ['type', TEXT],
      5: ['externalIPs', TEXTS],
      7: ['sessionAffinity', TEXT],
      9: ['loadBalancerSourceRanges', TEXTS],
      11: ['externalTrafficPolicy', TEXT],
      14: ['sessionAffinityConfig', one({ 1: ['clientIP', one({ 1: ['timeoutSeconds', INTEGER] })] })],
      18: ['clusterIPs', TEXTS],
      22: ['internalTrafficPolicy', KEPT],
    }),
  ],
  3: ['status', one({ 1: ['loadBalancer', one({ 1: ['ingress', many({ 1: ['ip', TEXT], 3: ['ipMode', KEPT] })] })] })],
};

const NAMED = many({ 1: ['name', KEPT] });

const ENDPOINT_SLICE: Numbered = {
  1: ['metadata', metadata({}, 'kubernetes.io/service-name', 'service.kubernetes.io/headless')],
  2: [
    'endpoints',
    many({
      1: ['addresses', TEXTS],
      2: ['conditions', shared({ 1: ['ready', BOOLEAN], 2: ['serving', BOOLEAN], 3: ['terminating', BOOLEAN] })],
      6: ['nodeName', KEPT],
      8: ['hints', shared({ 1: ['forZones', NAMED], 2: ['forNodes', NAMED] })],
    }),
  ],
  3: ['ports', many({ 1: ['name', KEPT], 2: ['protocol', KEPT], 3: ['port', INTEGER] })],
  4: ['addressType', KEPT],
};

const NODE: Numbered = {
  1: ['metadata', metadata({ 9: ['deletionTimestamp', TIME] }, 'topology.kubernetes.io/zone')],
  2: ['spec', one({ 1: ['podCIDR', TEXT], 5: ['taints', many({ 1: ['key', TEXT] })], 7: ['podCIDRs', TEXTS] })],
  3: ['status', one({ 5: ['addresses', many({ 1: ['type', KEPT], 2: ['address', KEPT] })] })],
};

const STATUS: Numbered = {
  1: ['metadata', one({ 3: ['continue', TEXT] })],
  3: ['message', TEXT],
  4: ['reason', TEXT],
  5: ['details', one({ 5: ['retryAfterSeconds', INTEGER] })],
  6: ['code', INTEGER],
};

function listOf(item: Numbered): Numbered {
  return { 1: ['metadata', one({ 2: ['resourceVersion', TEXT], 3: ['continue', TEXT] })], 2: ['items', many(item)] };
}

const MESSAGES: ReadonlyMap<string, Message> = new Map([
  ['Service', message(SERVICE)],
  ['ServiceList', message(listOf(SERVICE))],
  ['EndpointSlice', message(ENDPOINT_SLICE)],
  ['EndpointSliceList', message(listOf(ENDPOINT_SLICE))],
  ['Node', message(NODE)],
  ['NodeList', message(listOf(NODE))],
  ['Status', message(STATUS)],
]);
