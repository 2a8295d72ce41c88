import type { FieldReader, Place } from './field-reader.ts';

/** What is read of an object, as its JSON would have it; who reads it fills in its kind. */
export interface ObjectFields {
  [field: string]: unknown;
  kind: unknown;
  apiVersion: unknown;
}

/** Reads the message that the present field holds, or one that lies elsewhere. */
export type ReadObject = (from: FieldReader, place?: Place) => ObjectFields;
