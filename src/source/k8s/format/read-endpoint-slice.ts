import type { Fields } from '../../../model/untrusted.ts';
import { createByteCache } from './byte-cache.ts';
import { append, type FieldReader, type Place } from './field-reader.ts';
import type { ObjectFields } from './object-fields.ts';
import { readMetadata } from './read-metadata.ts';

/** discovery/v1 EndpointSlice */
export function readEndpointSlice(from: FieldReader, place?: Place): ObjectFields {
  return from.fields(new EndpointSliceFields(), takeEndpointSlice, place);
}

class EndpointSliceFields {
  [field: string]: unknown;
  kind: unknown;
  apiVersion: unknown;
  metadata: unknown;
  endpoints: unknown;
  ports: unknown;
  addressType: unknown;
}

function takeEndpointSlice(slice: EndpointSliceFields, field: number, from: FieldReader): void {
  switch (field) {
    case 1:
      slice.metadata = readMetadata(from);
      break;
    case 2:
      slice.endpoints = append(slice.endpoints, from.fields(new Endpoint(), takeEndpoint), 'endpoints');
      break;
    case 3:
      slice.ports = append(slice.ports, from.fields(new Port(), takePort), 'ports');
      break;
    case 4:
      slice.addressType = from.knownText();
      break;
    default:
      from.skip();
  }
}

class Endpoint {
  [field: string]: unknown;
  addresses: unknown;
  conditions: unknown;
  nodeName: unknown;
  hints: unknown;
}

function takeEndpoint(endpoint: Endpoint, field: number, from: FieldReader): void {
  switch (field) {
    case 1:
      endpoint.addresses = append(endpoint.addresses, from.text(), 'addresses');
      break;
    case 2:
      endpoint.conditions = from.known(CONDITIONS, readConditions);
      break;
    case 6:
      endpoint.nodeName = from.knownText();
      break;
    case 8:
      endpoint.hints = from.known(HINTS, readHints);
      break;
    default:
      from.skip();
  }
}

class Conditions {
  [field: string]: unknown;
  ready: unknown;
  serving: unknown;
  terminating: unknown;
}

const CONDITIONS = createByteCache<Fields>();
const HINTS = createByteCache<Fields>();

function readConditions(from: FieldReader): Fields {
  return from.fields(new Conditions(), takeConditions);
}

function takeConditions(conditions: Conditions, field: number, from: FieldReader): void {
  switch (field) {
    case 1:
      conditions.ready = from.boolean();
      break;
    case 2:
      conditions.serving = from.boolean();
      break;
    case 3:
      conditions.terminating = from.boolean();
      break;
    default:
      from.skip();
  }
}

function readHints(from: FieldReader): Fields {
  return from.fields({ forZones: undefined, forNodes: undefined }, takeHints);
}

function takeHints(hints: { forZones: unknown; forNodes: unknown }, field: number, from: FieldReader): void {
  if (field === 1) hints.forZones = append(hints.forZones, readNamed(from), 'forZones');
  else if (field === 2) hints.forNodes = append(hints.forNodes, readNamed(from), 'forNodes');
  else from.skip();
}

function readNamed(from: FieldReader): Fields {
  return from.fields({ name: undefined }, takeName);
}

function takeName(named: { name: unknown }, field: number, from: FieldReader): void {
  if (field === 1) named.name = from.knownText();
  else from.skip();
}

class Port {
  [field: string]: unknown;
  name: unknown;
  protocol: unknown;
  port: unknown;
}

function takePort(port: Port, field: number, from: FieldReader): void {
  switch (field) {
    case 1:
      port.name = from.knownText();
      break;
    case 2:
      port.protocol = from.knownText();
      break;
    case 3:
      port.port = from.integer();
      break;
    default:
      from.skip();
  }
}
