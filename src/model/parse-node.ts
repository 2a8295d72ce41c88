import { parseCidr } from './cidr.ts';
import { parseName, SUBDOMAIN_LENGTH } from './identity.ts';
import { type Cidr, type Ip, isSpecial, parseIp } from './ip.ts';
import type { Node } from './node.ts';
import { accept, type Parse, refuse } from './parse.ts';
import { collectProblems, type Problems } from './problems.ts';
import { quote } from './quote.ts';
import { type Fields, fieldsOf, isAbsent } from './untrusted.ts';

const ZONE = 'topology.kubernetes.io/zone';
const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';

/** Reads a v1 Node. */
export function parseNode(raw: Fields): Parse<Node> {
  const metadata = fieldsOf(raw['metadata']);
  const name = parseName(metadata['name'], SUBDOMAIN_LENGTH);
  if (!name.ok) return refuse(`metadata.name: ${name.reason}`);
  const zone = fieldsOf(metadata['labels'])[ZONE];
  const problems = collectProblems();
  const statusAddresses = problems.items(fieldsOf(raw['status'])['addresses'], 'status.addresses');
  return accept({
    kind: 'Node',
    name: name.value,
    addresses: parseAddresses(statusAddresses, problems),
    podCidrs: parsePodCidrs(fieldsOf(raw['spec']), problems),
    isLeaving: !isAbsent(metadata['deletionTimestamp']) || hasTaint(fieldsOf(raw['spec'])['taints'], TO_BE_DELETED),
    zone: typeof zone === 'string' && zone !== '' ? zone : undefined,
    problems: problems.reasons(),
  });
}

function hasTaint(taints: unknown, key: string): boolean {
  return Array.isArray(taints) && taints.some((taint) => fieldsOf(taint)['key'] === key);
}

function parseAddresses(items: readonly unknown[], problems: Problems): readonly Ip[] {
  const addresses = new Set<Ip>();
  for (const type of ['InternalIP', 'ExternalIP']) {
    for (const item of items) {
      const fields = fieldsOf(item);
      if (fields['type'] !== type) continue;
      const ip = parseIp(fields['address']);
      if (!ip.ok) problems.add(`status.addresses: ${ip.reason}`);
      else if (isSpecial(ip.value)) problems.add(`status.addresses: ${quote(ip.value)} is no node's: correct it`);
      else addresses.add(ip.value);
    }
  }
  return [...addresses];
}

function parsePodCidrs(spec: Fields, problems: Problems): readonly Cidr[] {
  const listed = problems.items(spec['podCIDRs'], 'spec.podCIDRs');
  const single = typeof spec['podCIDR'] === 'string' && spec['podCIDR'] !== '' ? [spec['podCIDR']] : [];
  const cidrs: Cidr[] = [];
  for (const item of listed.length > 0 ? listed : single) {
    const cidr = parseCidr(item);
    if (cidr.ok) cidrs.push(cidr.value);
    else problems.add(`spec.podCIDRs: ${cidr.reason}`);
  }
  return cidrs;
}
