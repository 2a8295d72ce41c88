import { formatCidr, parseCidr } from './cidr.ts';
import { exact } from './exact.ts';
import { flatText } from './flat-text.ts';
import { LABEL_LENGTH, parseIdentity } from './identity.ts';
import { type Cidr, familyOf, type Ip, isSpecial, parseIp } from './ip.ts';
import { accept, type Parse, refuse } from './parse.ts';
import { parseServicePorts } from './parse-service-ports.ts';
import { collectProblems, type Problems } from './problems.ts';
import { quote } from './quote.ts';
import type { Service, TrafficPolicy } from './service.ts';
import { type Fields, fieldsOf, isAbsent, isFields } from './untrusted.ts';

const ANOTHER_PROXY = 'service.kubernetes.io/service-proxy-name';
const DEFAULT_AFFINITY_SECONDS = 10_800;
const LONGEST_AFFINITY_SECONDS = 86_400;

/** Reads a v1 Service. One that isn't ours (headless, ExternalName, another proxy's) comes without ClusterIPs. */
export function parseService(raw: Fields): Parse<Service> {
  const identity = parseIdentity(raw, LABEL_LENGTH);
  if (!identity.ok) return identity;
  const { namespace, name, created, labels } = identity.value;
  const spec = raw['spec'];
  if (!isFields(spec)) return refuse(`spec: ${quote(spec)} is not an object: write the Service's spec there`);
  // The label's presence counts, whatever its value.
  if (labels[ANOTHER_PROXY] !== undefined || spec['type'] === 'ExternalName' || spec['clusterIP'] === 'None') {
    return accept(notOurs(namespace, name));
  }

  const problems = collectProblems();
  const clusterIps = parseClusterIps(spec, problems);
  const inFamily = (ip: Ip, path: string): boolean => {
    const served = clusterIps.length === 0 || clusterIps.some((clusterIp) => familyOf(clusterIp) === familyOf(ip));
    if (!served)
      problems.add(`${path}: ${quote(ip)} is ${familyOf(ip)}, the Service has no ClusterIP of that family: remove it`);
    return served;
  };
  const externalIps = parseAddresses(spec['externalIPs'], 'spec.externalIPs', problems).filter((ip) =>
    inFamily(ip, 'spec.externalIPs'),
  );
  const loadBalancerIps = parseIngress(raw, problems).filter((ip) => inFamily(ip, 'status.loadBalancer.ingress'));
  const ranges = parseSourceRanges(spec, problems);
  return accept({
    kind: 'Service',
    namespace,
    name,
    path: flatText(namespace, '/', name),
    created,
    clusterIps,
    ports: parseServicePorts(spec['ports'], problems),
    affinitySeconds: parseAffinity(spec, problems),
    internalTrafficPolicy: parsePolicy(spec, 'internalTrafficPolicy', problems),
    externalTrafficPolicy: parsePolicy(spec, 'externalTrafficPolicy', problems),
    externalIps: exact(externalIps),
    loadBalancerIps: exact(loadBalancerIps),
    sourceRanges: ranges.accepted,
    hasRefusedRange: ranges.refused,
    problems: problems.reasons(),
  });
}

function notOurs(namespace: string, name: string): Service {
  return {
    kind: 'Service',
    namespace,
    name,
    path: flatText(namespace, '/', name),
    created: undefined,
    clusterIps: [],
    ports: [],
    affinitySeconds: 0,
    internalTrafficPolicy: 'cluster',
    externalTrafficPolicy: 'cluster',
    externalIps: [],
    loadBalancerIps: [],
    sourceRanges: [],
    hasRefusedRange: false,
    problems: [],
  };
}

function parseClusterIps(spec: Fields, problems: Problems): readonly Ip[] {
  const single = spec['clusterIP'];
  if (isAbsent(single) || single === '') {
    problems.add('spec.clusterIP: the Service has none: use the object as the API server returns it');
    return [];
  }
  const listed = spec['clusterIPs'];
  const path = Array.isArray(listed) && listed.length > 0 ? 'spec.clusterIPs' : 'spec.clusterIP';
  const ips = parseAddresses(path === 'spec.clusterIPs' ? listed : [single], path, problems);
  const firsts = ips.filter((ip, index) => {
    const first = ips.findIndex((other) => familyOf(other) === familyOf(ip)) === index;
    if (!first) problems.add(`${path}: ${quote(ip)} is a second ${familyOf(ip)} address: keep one of each family`);
    return first;
  });
  return exact(firsts);
}

function parseIngress(raw: Fields, problems: Problems): readonly Ip[] {
  const path = 'status.loadBalancer.ingress';
  const ingress = fieldsOf(fieldsOf(raw['status'])['loadBalancer'])['ingress'];
  const vips: unknown[] = [];
  for (const item of problems.items(ingress, path)) {
    if (!isFields(item)) {
      problems.add(`${path}: ${quote(item)} is not an object: write ip or hostname`);
    } else if (!isAbsent(item['ip']) && item['ip'] !== '' && (isAbsent(item['ipMode']) || item['ipMode'] === 'VIP')) {
      vips.push(item['ip']);
    }
  }
  return parseAddresses(vips, path, problems);
}

/** Addresses of either family, each once; those nobody can dial or serve on are problems. */
function parseAddresses(raw: unknown, path: string, problems: Problems): readonly Ip[] {
  const ips = new Set<Ip>();
  for (const item of problems.items(raw, path)) {
    const ip = parseIp(item);
    if (!ip.ok) problems.add(`${path}: ${ip.reason}`);
    else if (isSpecial(ip.value)) problems.add(`${path}: ${quote(ip.value)} can't be a VIP: use a unicast address`);
    else ips.add(ip.value);
  }
  return exact([...ips]);
}

function parseSourceRanges(
  spec: Fields,
  problems: Problems,
): { readonly accepted: readonly Cidr[]; readonly refused: boolean } {
  const path = 'spec.loadBalancerSourceRanges';
  const accepted = new Map<string, Cidr>();
  const raw = spec['loadBalancerSourceRanges'];
  let refused = !isAbsent(raw) && !Array.isArray(raw);
  for (const item of problems.items(raw, path)) {
    const range = parseCidr(item);
    if (range.ok) {
      accepted.set(formatCidr(range.value), range.value);
    } else {
      problems.add(`${path}: ${range.reason}`);
      refused = true;
    }
  }
  return { accepted: exact([...accepted.values()]), refused };
}

function parseAffinity(spec: Fields, problems: Problems): number {
  const affinity = spec['sessionAffinity'];
  if (isAbsent(affinity) || affinity === '' || affinity === 'None') return 0;
  if (affinity !== 'ClientIP') {
    problems.add(`spec.sessionAffinity: ${quote(affinity)} is unknown: use None or ClientIP`);
    return 0;
  }
  const path = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
  const seconds = fieldsOf(fieldsOf(spec['sessionAffinityConfig'])['clientIP'])['timeoutSeconds'];
  if (isAbsent(seconds)) return DEFAULT_AFFINITY_SECONDS;
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds > 0 && seconds <= LONGEST_AFFINITY_SECONDS) {
    return seconds;
  }
  problems.add(`${path}: ${quote(seconds)} is out of range, ${DEFAULT_AFFINITY_SECONDS} holds: use 1 to 86400`);
  return DEFAULT_AFFINITY_SECONDS;
}

function parsePolicy(spec: Fields, field: string, problems: Problems): TrafficPolicy {
  const policy = spec[field];
  if (policy === 'Local') return 'local';
  if (!isAbsent(policy) && policy !== '' && policy !== 'Cluster') {
    problems.add(`spec.${field}: ${quote(policy)} is unknown, Cluster holds: use Cluster or Local`);
  }
  return 'cluster';
}
