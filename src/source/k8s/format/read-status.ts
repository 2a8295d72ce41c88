import { type FieldReader, filled, type Place } from './field-reader.ts';
import type { ObjectFields } from './object-fields.ts';

/** metav1.Status */
export function readStatus(from: FieldReader, place?: Place): ObjectFields {
  return from.fields(new StatusFields(), takeStatus, place);
}

class StatusFields {
  [field: string]: unknown;
  kind: unknown;
  apiVersion: unknown;
  metadata: unknown;
  message: unknown;
  reason: unknown;
  details: unknown;
  code: unknown;
}

function takeStatus(status: StatusFields, field: number, from: FieldReader): void {
  switch (field) {
    case 1:
      status.metadata = from.fields({ resourceVersion: undefined, continue: undefined }, takeListMeta);
      break;
    case 3:
      status.message = filled(from.text());
      break;
    case 4:
      status.reason = filled(from.text());
      break;
    case 5:
      status.details = from.fields({ retryAfterSeconds: undefined }, takeDetails);
      break;
    case 6:
      status.code = from.integer();
      break;
    default:
      from.skip();
  }
}

/** metav1.ListMeta */
export function takeListMeta(
  metadata: { resourceVersion: unknown; continue: unknown },
  field: number,
  from: FieldReader,
): void {
  if (field === 2) metadata.resourceVersion = filled(from.text());
  else if (field === 3) metadata.continue = filled(from.text());
  else from.skip();
}

function takeDetails(details: { retryAfterSeconds: unknown }, field: number, from: FieldReader): void {
  if (field === 5) details.retryAfterSeconds = from.integer();
  else from.skip();
}
