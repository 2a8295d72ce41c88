import type { Fields } from '../../../model/untrusted.ts';
import { append, type FieldReader } from './field-reader.ts';
import type { ReadObject } from './object-fields.ts';
import { readEndpointSlice } from './read-endpoint-slice.ts';
import { readMetadata } from './read-metadata.ts';
import { readNodeSpec, readNodeStatus } from './read-node.ts';
import { readServiceSpec, readServiceStatus } from './read-service.ts';
import { readStatus, takeListMeta } from './read-status.ts';

/** Reads an object, a list or a Status of this kind. */
export function readerOf(kind: string): ReadObject | undefined {
  return READERS.get(kind);
}

class SpecAndStatus {
  [field: string]: unknown;
  kind: unknown;
  apiVersion: unknown;
  metadata: unknown;
  spec: unknown;
  status: unknown;
}

function specAndStatus(readSpec: ReadFields, readStatus: ReadFields): ReadObject {
  const take = (object: SpecAndStatus, field: number, from: FieldReader): void => {
    switch (field) {
      case 1:
        object.metadata = readMetadata(from);
        break;
      case 2:
        object.spec = readSpec(from);
        break;
      case 3:
        object.status = readStatus(from);
        break;
      default:
        from.skip();
    }
  };
  return (from, place) => from.fields(new SpecAndStatus(), take, place);
}

type ReadFields = (from: FieldReader) => Fields;

class ListFields {
  [field: string]: unknown;
  kind: unknown;
  apiVersion: unknown;
  metadata: unknown;
  items: unknown;
}

function listOf(readItem: ReadObject): ReadObject {
  const take = (list: ListFields, field: number, from: FieldReader): void => {
    if (field === 1) list.metadata = from.fields({ resourceVersion: undefined, continue: undefined }, takeListMeta);
    else if (field === 2) list.items = append(list.items, readItem(from), 'items');
    else from.skip();
  };
  return (from, place) => from.fields(new ListFields(), take, place);
}

const readService = specAndStatus(readServiceSpec, readServiceStatus);
const readNode = specAndStatus(readNodeSpec, readNodeStatus);

const READERS: ReadonlyMap<string, ReadObject> = new Map([
  ['Service', readService],
  ['ServiceList', listOf(readService)],
  ['EndpointSlice', readEndpointSlice],
  ['EndpointSliceList', listOf(readEndpointSlice)],
  ['Node', readNode],
  ['NodeList', listOf(readNode)],
  ['Status', readStatus],
]);
