import { append, type FieldReader, type ObjectFields, type Place } from './field-reader.ts';
import { readEndpointSlice } from './read-endpoint-slice.ts';
import { readNode } from './read-node.ts';
import { readService } from './read-service.ts';
import { readStatus, takeListMeta } from './read-status.ts';

/** Reads the message that the present field holds, or one that lies elsewhere. */
export type ReadObject = (from: FieldReader, place?: Place) => ObjectFields;

/** Reads an object, a list or a Status of this kind. */
export function readerOf(kind: string): ReadObject | undefined {
  return READERS.get(kind);
}

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

const READERS: ReadonlyMap<string, ReadObject> = new Map([
  ['Service', readService],
  ['ServiceList', listOf(readService)],
  ['EndpointSlice', readEndpointSlice],
  ['EndpointSliceList', listOf(readEndpointSlice)],
  ['Node', readNode],
  ['NodeList', listOf(readNode)],
  ['Status', readStatus],
]);
