import { type RawObject, rawService } from '../../conformance/objects.ts';
import type { Answer } from '../fake-api.ts';
import { encodeEvent } from '../kube-protobuf.ts';
import { ANY_SHAPE } from './any-shape.ts';
import { type Behaviour, drip, repeat, watch } from './fault.ts';

/** How a server may tell these Services so that it is odd, and yet can be understood. */
export type Oddity = (services: readonly RawObject[]) => Behaviour;

/** Beside the positions that objects have of the cluster. */
type Version = (event: number) => string | undefined;

const LONGEST_POSITION = 10_000;
/** What etcd takes. */
const HUGE_BYTES = 1_500_000;

export const ODDITIES: Readonly<Record<string, Oddity>> = {
  'no resourceVersions': positions(() => undefined),
  'empty resourceVersions': positions(() => ''),
  'endless resourceVersions': positions(() => '9'.repeat(LONGEST_POSITION)),
  'resourceVersions that are no numbers': positions(() => 'a b&c=d'),
  'resourceVersions that go backwards': positions((event) => String(1_000_000 - event)),
  'a listing that drips': (services) =>
    always((_, response) => {
      watch(response);
      drip(response, Buffer.concat(eventsOf(services, () => '1')));
    }),
  'objects of any shape': (services) =>
    always((_, response) => {
      watch(response, ...jsonEventsOf(services));
      let next = 0;
      repeat(response, 50, () => {
        const object = ANY_SHAPE[next % ANY_SHAPE.length];
        next += 1;
        response.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
      });
    }),
  'huge objects': (services) =>
    always((_, response) => {
      watch(response, ...eventsOf(services, () => '1'));
      const annotations = { text: 'x'.repeat(HUGE_BYTES) };
      const huge = encodeEvent('MODIFIED', rawService({ metadata: { name: 'huge', annotations } }));
      response.write(huge);
      repeat(response, 500, () => response.write(huge));
    }),
};

function always(answer: Answer): Behaviour {
  return { lists: 'watching', answer, resumed: answer };
}

/** Lists, and ends. */
function positions(version: Version): Oddity {
  return (services) =>
    always((_, response) => {
      watch(response, ...eventsOf(services, version));
      response.end();
    });
}

function eventsOf(services: readonly RawObject[], version: Version): readonly Uint8Array[] {
  return [...services, END].map((object, event) =>
    encodeEvent(object === END ? 'BOOKMARK' : 'ADDED', at(object, version(event))),
  );
}

function jsonEventsOf(services: readonly RawObject[]): readonly string[] {
  return [...services, END].map(
    (object) => `${JSON.stringify({ type: object === END ? 'BOOKMARK' : 'ADDED', object: at(object, '1') })}\n`,
  );
}

function at(object: RawObject, resourceVersion: string | undefined): RawObject {
  const { resourceVersion: _, ...metadata } = object['metadata'] as RawObject; // of an API object
  return { ...object, metadata: resourceVersion === undefined ? metadata : { ...metadata, resourceVersion } };
}

const END: RawObject = {
  kind: 'Service',
  apiVersion: 'v1',
  metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } },
};
