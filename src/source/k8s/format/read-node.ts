import type { Fields } from '../../../model/untrusted.ts';
import { append, type FieldReader, filled } from './field-reader.ts';

export function readNodeSpec(from: FieldReader): Fields {
  return from.fields(new Spec(), takeSpec);
}

export function readNodeStatus(from: FieldReader): Fields {
  return from.fields({ addresses: undefined }, takeStatus);
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

function takeStatus(status: { addresses: unknown }, field: number, from: FieldReader): void {
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
