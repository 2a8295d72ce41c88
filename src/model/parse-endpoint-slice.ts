import type { EndpointConditions, EndpointHints, EndpointSlice, SliceEndpoint, SlicePort } from './endpoint-slice.ts';
import { exact } from './exact.ts';
import { flatText } from './flat-text.ts';
import { LABEL_LENGTH, parseIdentity, parseName, SUBDOMAIN_LENGTH } from './identity.ts';
import { createPool, intern } from './intern.ts';
import { type Family, familyOf, isSpecial, parseIp } from './ip.ts';
import { accept, type Parse, refuse } from './parse.ts';
import { parsePort, parseProtocol } from './port.ts';
import { collectProblems, type Problems } from './problems.ts';
import { quote } from './quote.ts';
import { type Fields, fieldsOf, isAbsent, isFields } from './untrusted.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';
const HEADLESS = 'service.kubernetes.io/headless';
/** The API's own limit. */
const MOST_PORTS = 20_000;

/** Reads a discovery.k8s.io/v1 EndpointSlice. */
export function parseEndpointSlice(raw: Fields): Parse<EndpointSlice> {
  const identity = parseIdentity(raw, SUBDOMAIN_LENGTH);
  if (!identity.ok) return identity;
  const { namespace, name, labels } = identity.value;
  const family = raw['addressType'];
  if (labels[HEADLESS] !== undefined) return accept(notOurs(namespace, name));
  if (family !== 'IPv4' && family !== 'IPv6') {
    return refuse(`addressType: ${quote(family)} can't be served: use IPv4 or IPv6`);
  }
  const service = parseName(labels[SERVICE_NAME], LABEL_LENGTH);
  if (!service.ok) return refuse(`metadata.labels: ${SERVICE_NAME}: ${service.reason}`);

  const problems = collectProblems();
  return accept({
    kind: 'EndpointSlice',
    namespace,
    name,
    service: flatText(namespace, '/', service.value),
    family,
    ports: parsePorts(raw['ports'], problems),
    endpoints: parseEndpoints(raw['endpoints'], family, problems),
    problems: problems.reasons(),
  });
}

function notOurs(namespace: string, name: string): EndpointSlice {
  return {
    kind: 'EndpointSlice',
    namespace,
    name,
    service: undefined,
    family: 'IPv4',
    ports: [],
    endpoints: [],
    problems: [],
  };
}

function parsePorts(raw: unknown, problems: Problems): readonly SlicePort[] {
  const items = problems.items(raw, 'ports');
  if (items.length > MOST_PORTS) {
    problems.add(`ports: ${items.length} ports are too many, the first ${MOST_PORTS} hold: split the slice`);
  }
  const ports: SlicePort[] = [];
  for (const [index, item] of items.slice(0, MOST_PORTS).entries()) {
    const port = parseSlicePort(item);
    if (port.ok) ports.push(port.value);
    else problems.add(`ports[${index}]${port.reason}`);
  }
  return exact(ports);
}

function parseSlicePort(raw: unknown): Parse<SlicePort> {
  if (!isFields(raw)) return refuse(`: ${quote(raw)} is not an object: write name, port and protocol`);
  // kube-proxy leaves such ports out too: the API server always writes a name, if an empty one.
  if (isAbsent(raw['name'])) return refuse('.name: the port has none: write "" for an unnamed port');
  const name = raw['name'] === '' ? accept('') : parseName(raw['name'], LABEL_LENGTH);
  if (!name.ok) return refuse(`.name: ${name.reason}`);
  const port = parsePort(raw['port']);
  if (!port.ok) return refuse(`.port: ${port.reason}`);
  const protocol = parseProtocol(raw['protocol']);
  if (!protocol.ok) return refuse(`.protocol: ${protocol.reason}`);
  return accept({ name: intern(name.value), protocol: protocol.value, port: port.value });
}

function parseEndpoints(raw: unknown, family: Family, problems: Problems): readonly SliceEndpoint[] {
  const endpoints: SliceEndpoint[] = [];
  for (const [index, item] of problems.items(raw, 'endpoints').entries()) {
    const endpoint = parseEndpoint(item, family);
    if (endpoint.ok) endpoints.push(endpoint.value);
    else problems.add(`endpoints[${index}]${endpoint.reason}`);
  }
  return exact(endpoints);
}

function parseEndpoint(raw: unknown, family: Family): Parse<SliceEndpoint> {
  if (!isFields(raw)) return refuse(`: ${quote(raw)} is not an object: write addresses`);
  const addresses = raw['addresses'];
  // Only the first counts, as in kube-proxy: the others are the same endpoint.
  const ip = parseIp(Array.isArray(addresses) ? addresses[0] : undefined);
  if (!ip.ok) return refuse(`.addresses[0]: ${ip.reason}`);
  if (familyOf(ip.value) !== family) return refuse(`.addresses[0]: ${quote(ip.value)} is not ${family}: correct it`);
  if (isSpecial(ip.value)) return refuse(`.addresses[0]: ${quote(ip.value)} can't serve: use a unicast address`);
  return accept({
    ip: ip.value,
    nodeName: typeof raw['nodeName'] === 'string' ? intern(raw['nodeName']) : undefined,
    conditions: parseConditions(fieldsOf(raw['conditions'])),
    hints: parseHints(fieldsOf(raw['hints'])),
  });
}

function parseConditions(raw: Fields): EndpointConditions {
  const ready = raw['ready'] !== false;
  const serving = raw['serving'] !== false;
  const terminating = raw['terminating'] === true;
  return ready && serving && !terminating ? READY : { ready, serving, terminating };
}

function parseHints(raw: Fields): EndpointHints {
  const zones = parseHintNames(raw['forZones']);
  const nodes = parseHintNames(raw['forNodes']);
  if (zones.length === 0 && nodes.length === 0) return NO_HINTS;
  const hints = { zones: exact(zones), nodes: exact(nodes) };
  const key = JSON.stringify(hints);
  return key.length > LONGEST_HINTS ? hints : sharedHints.share(key, hints);
}

function parseHintNames(raw: unknown): readonly string[] {
  if (!Array.isArray(raw)) return NO_HINTS.zones;
  const names: string[] = [];
  for (const item of raw) {
    const name = fieldsOf(item)['name'];
    if (typeof name === 'string') names.push(intern(name));
  }
  return names;
}

// Shared by most endpoints.
const READY: EndpointConditions = { ready: true, serving: true, terminating: false };
const NO_HINTS: EndpointHints = { zones: [], nodes: [] };
const sharedHints = createPool<EndpointHints>();
const LONGEST_HINTS = 1024; // characters: a dozen names, more than endpoints ever repeat
