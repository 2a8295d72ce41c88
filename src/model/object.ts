import type { EndpointSlice } from './endpoint-slice.ts';
import { flatText } from './flat-text.ts';
import { SUBDOMAIN_LENGTH } from './identity.ts';
import type { Node } from './node.ts';
import { type Parse, refuse } from './parse.ts';
import { parseEndpointSlice } from './parse-endpoint-slice.ts';
import { parseNode } from './parse-node.ts';
import { parseService } from './parse-service.ts';
import { quote, shorten } from './quote.ts';
import type { Service } from './service.ts';
import { fieldsOf, isFields } from './untrusted.ts';

export type ModelObject = Service | EndpointSlice | Node;

/** Reads one API object of any shape; never throws. Parts it refuses alone stand in the object's `problems`. */
export function parseObject(raw: unknown): Parse<ModelObject> {
  if (!isFields(raw)) return refuse(`${quote(raw)} is not an object: write a Service, an EndpointSlice or a Node`);
  const kind = raw['kind'];
  const apiVersion = raw['apiVersion'];
  switch (kind) {
    case 'Service':
      return apiVersion === 'v1' ? parseService(raw) : refuseVersion(apiVersion, 'v1');
    case 'EndpointSlice':
      if (apiVersion !== 'discovery.k8s.io/v1') return refuseVersion(apiVersion, 'discovery.k8s.io/v1');
      return parseEndpointSlice(raw);
    case 'Node':
      return apiVersion === 'v1' ? parseNode(raw) : refuseVersion(apiVersion, 'v1');
    default:
      return refuse(`kind: ${quote(kind)} is not read here: keep to Service, EndpointSlice and Node`);
  }
}

/** "Service ns1/svc1" or "Node node-a", as `ignored` names objects; undefined where kind or name is missing. */
export function nameObject(raw: unknown): string | undefined {
  const kind = fieldsOf(raw)['kind'];
  const metadata = fieldsOf(fieldsOf(raw)['metadata']);
  const name = metadata['name'];
  const namespace = metadata['namespace'];
  if (typeof kind !== 'string' || typeof name !== 'string' || kind === '' || name === '') return undefined;
  const inNamespace = kind !== 'Node' && typeof namespace === 'string' && namespace !== '';
  const path = inNamespace ? `${shorten(namespace, SUBDOMAIN_LENGTH)}/` : '';
  return `${shorten(kind)} ${path}${shorten(name, SUBDOMAIN_LENGTH)}`;
}

/** As nameObject, of what was read. */
export function nameOf(kind: ModelObject['kind'], namespace: string, name: string): string {
  return kind === 'Node' ? flatText('Node ', name) : flatText(kind, ' ', namespace, '/', name);
}

function refuseVersion(raw: unknown, wanted: string): Parse<ModelObject> {
  return refuse(`apiVersion: ${quote(raw)} is not read here: use ${wanted}`);
}
