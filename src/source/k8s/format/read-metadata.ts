import { UnixTime } from '../../../model/timestamp.ts';
import type { Fields } from '../../../model/untrusted.ts';
import { type FieldReader, filled } from './field-reader.ts';

/** metav1.ObjectMeta */
export function readMetadata(from: FieldReader): Fields {
  return from.fields(new Metadata(), takeMetadata);
}

class Metadata {
  [field: string]: unknown;
  name: unknown;
  namespace: unknown;
  resourceVersion: unknown;
  creationTimestamp: unknown;
  deletionTimestamp: unknown;
  labels: Fields | undefined;
  annotations: Fields | undefined;
}

function takeMetadata(metadata: Metadata, field: number, from: FieldReader): void {
  switch (field) {
    case 1:
      metadata.name = filled(from.text());
      break;
    case 3:
      metadata.namespace = filled(from.knownText());
      break;
    case 6:
      metadata.resourceVersion = filled(from.text());
      break;
    case 8:
      metadata.creationTimestamp = readTime(from);
      break;
    case 9:
      metadata.deletionTimestamp = readTime(from);
      break;
    case 11:
      metadata.labels = readEntry(from, metadata.labels);
      break;
    case 12:
      metadata.annotations = readEntry(from, metadata.annotations);
      break;
    default:
      from.skip();
  }
}

/** Labels and annotations that anybody here looks at. */
const READ_KEYS: ReadonlySet<string> = new Set([
  'k8s.io/initial-events-end',
  'kubernetes.io/service-name',
  'service.kubernetes.io/headless',
  'service.kubernetes.io/service-proxy-name',
  'topology.kubernetes.io/zone',
]);

/** One entry of a map of texts, beside those that were read before it. */
function readEntry(from: FieldReader, others: Fields | undefined): Fields | undefined {
  const { key, value } = from.fields({ key: '', value: '' }, takeEntry);
  return READ_KEYS.has(key) ? { ...others, [key]: value } : others;
}

function takeEntry(entry: { key: string; value: string }, field: number, from: FieldReader): void {
  if (field === 1) entry.key = from.knownText();
  else if (field === 2 && (entry.key === '' || READ_KEYS.has(entry.key))) entry.value = from.text();
  else from.skip();
}

/** metav1.Time, of which JSON has the seconds alone. */
function readTime(from: FieldReader): UnixTime {
  return new UnixTime(from.fields({ seconds: 0 }, takeSeconds).seconds);
}

function takeSeconds(time: { seconds: number }, field: number, from: FieldReader): void {
  if (field === 1) time.seconds = from.int64();
  else from.skip();
}
