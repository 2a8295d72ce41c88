import { accept, type Parse, refuse } from './parse.ts';
import { quote } from './quote.ts';
import { parseTimestamp } from './timestamp.ts';
import { type Fields, fieldsOf, isFields } from './untrusted.ts';

/** Who a namespaced object is. */
export interface Identity {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Fields;
  /** Unix time in milliseconds. */
  readonly created: number | undefined;
}

/** Longest names of the API: labels (Services, namespaces, ports) and subdomains (slices, nodes). */
export const LABEL_LENGTH = 63;
export const SUBDOMAIN_LENGTH = 253;

/** Reads metadata; both names are required. */
export function parseIdentity(raw: Fields, longestName: number): Parse<Identity> {
  const metadata = raw['metadata'];
  if (!isFields(metadata))
    return refuse(`metadata: ${quote(metadata)} is not an object: write name and namespace there`);
  const name = parseName(metadata['name'], longestName);
  if (!name.ok) return refuse(`metadata.name: ${name.reason}`);
  const namespace = parseName(metadata['namespace'], LABEL_LENGTH);
  if (!namespace.ok) return refuse(`metadata.namespace: ${namespace.reason}`);
  return accept({
    namespace: namespace.value,
    name: name.value,
    labels: fieldsOf(metadata['labels']),
    created: parseTimestamp(metadata['creationTimestamp']),
  });
}

/** A name that can stand in keys and logs: letters, digits, and -_. inside. */
export function parseName(raw: unknown, longest: number): Parse<string> {
  if (typeof raw !== 'string' || raw === '') return refuse(`${quote(raw)} is not a name: write one`);
  if (raw.length > longest) return refuse(`${quote(raw)} is too long: use at most ${longest} characters`);
  if (!/^[a-zA-Z0-9](?:[-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(raw)) {
    return refuse(`${quote(raw)} is not a name: use letters, digits and "-" between them`);
  }
  return accept(raw);
}
