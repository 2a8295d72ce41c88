import { exact } from './exact.ts';
import { LABEL_LENGTH, parseName } from './identity.ts';
import { intern } from './intern.ts';
import { accept, type Parse, refuse } from './parse.ts';
import { type Port, parsePort, parseProtocol } from './port.ts';
import type { Problems } from './problems.ts';
import { quote } from './quote.ts';
import type { ServicePortSpec } from './service.ts';
import { isAbsent, isFields } from './untrusted.ts';

/** An object of etcd's largest size holds fewer; more would starve every other Service of map rows. */
const MOST_PORTS = 10_000;

/** Reads spec.ports. A bad port or a second of the same number or name is a problem; the others stay. */
export function parseServicePorts(raw: unknown, problems: Problems): readonly ServicePortSpec[] {
  const items = problems.items(raw, 'spec.ports');
  if (items.length > MOST_PORTS) {
    problems.add(`spec.ports: ${items.length} ports are too many, the first ${MOST_PORTS} hold: split the Service`);
  }
  const ports: ServicePortSpec[] = [];
  const taken = new Set<string>();
  for (const [index, item] of items.slice(0, MOST_PORTS).entries()) {
    const path = `spec.ports[${index}]`;
    const parsed = parseServicePort(item, path, problems);
    if (!parsed.ok) {
      problems.add(`${path}${parsed.reason}`);
      continue;
    }
    const { name, port, protocol } = parsed.value;
    const byNumber = `${port}/${protocol}`;
    const byName = `${quote(name)}/${protocol}`;
    if (taken.has(byNumber)) problems.add(`${path}: port ${byNumber} stands twice, the first holds: remove one`);
    else if (taken.has(byName)) problems.add(`${path}: name ${byName} stands twice, the first holds: rename one`);
    else ports.push(parsed.value);
    taken.add(byNumber).add(byName);
  }
  return exact(ports);
}

function parseServicePort(raw: unknown, path: string, problems: Problems): Parse<ServicePortSpec> {
  if (!isFields(raw)) return refuse(`: ${quote(raw)} is not an object: write port and protocol`);
  const port = parsePort(raw['port']);
  if (!port.ok) return refuse(`.port: ${port.reason}`);
  const protocol = parseProtocol(raw['protocol']);
  if (!protocol.ok) return refuse(`.protocol: ${protocol.reason}`);
  const name = isAbsent(raw['name']) || raw['name'] === '' ? accept('') : parseName(raw['name'], LABEL_LENGTH);
  if (!name.ok) return refuse(`.name: ${name.reason}`);
  const nodePort = parseNodePort(raw['nodePort']);
  // A bad node port costs only itself: the ClusterIP of the port still works.
  if (!nodePort.ok) problems.add(`${path}.nodePort: ${nodePort.reason}`);
  return accept({
    name: intern(name.value),
    protocol: protocol.value,
    port: port.value,
    nodePort: nodePort.ok ? nodePort.value : undefined,
  });
}

/** 0 and absent: none. */
function parseNodePort(raw: unknown): Parse<Port | undefined> {
  return isAbsent(raw) || raw === 0 ? accept(undefined) : parsePort(raw);
}
