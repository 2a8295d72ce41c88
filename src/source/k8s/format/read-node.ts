import { append, type FieldReader, filled, type ObjectFields, type Place } from './field-reader.ts';
import { readMetadata } from './read-metadata.ts';

/** core/v1 Node */
export function readNode(from: FieldReader, place?: Place): ObjectFields {
  return from.fields(new NodeFields(), takeNode, place);
}

class NodeFields {
  [field: string]: unknown;
  kind: unknown;
  apiVersion: unknown;
  metadata: unknown;
  spec: unknown;
  status: unknown;
}

function takeNode(node: NodeFields, field: number, from: FieldReader): void {
  switch (field) {
    case 1:
      node.metadata = readMetadata(from);
      break;
    case 2:
      node.spec = from.fields(new Spec(), takeSpec);
      break;
    case 3:
      node.status = from.fields({ addresses: undefined }, takeNodeStatus);
      break;
    default:
      from.skip();
  }
}

class Spec {
  [field: string]: unknown;
  podCIDR: unknown;
  taints: unknown;
  podCIDRs: unknown;
}

function takeSpec(spec: Spec, field: number, from: FieldReader): void {
  switch (field) {
    case 1:
      spec.podCIDR = filled(from.text());
      break;
    case 5:
      spec.taints = append(spec.taints, from.fields({ key: undefined }, takeTaint), 'taints');
      break;
    case 7:
      spec.podCIDRs = append(spec.podCIDRs, from.text(), 'podCIDRs');
      break;
    default:
      from.skip();
  }
}

function takeTaint(taint: { key: unknown }, field: number, from: FieldReader): void {
  if (field === 1) taint.key = filled(from.text());
  else from.skip();
}

function takeNodeStatus(status: { addresses: unknown }, field: number, from: FieldReader): void {
  if (field === 5) {
    const address = from.fields({ type: undefined, address: undefined }, takeAddress);
    status.addresses = append(status.addresses, address, 'addresses');
  } else {
    from.skip();
  }
}

function takeAddress(address: { type: unknown; address: unknown }, field: number, from: FieldReader): void {
  if (field === 1) address.type = from.text();
  else if (field === 2) address.address = from.text();
  else from.skip();
}
