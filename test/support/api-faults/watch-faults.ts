import { rawNode, rawService } from '../../conformance/objects.ts';
import { encodeEvent, frame } from '../kube-protobuf.ts';
import { drip, type Faults, pour, watch } from './fault.ts';

const SERVICE = rawService({ metadata: { resourceVersion: '1' } });
/** At once. */
const MANY = 250;

/** Faults in what a watch sends. */
export const WATCH_FAULTS: Faults = {
  'an event cut short': {
    lists: 'watching',
    answer: (_, response) => {
      watch(response, encodeEvent('ADDED', SERVICE).subarray(0, 60));
      response.end();
    },
    says: () => 'it ended the watch before all was listed',
  },
  'an event in JSON cut short': {
    lists: 'watching',
    answer: (_, response) => watch(response, '{"type":"ADDED","object":{"kind":"Serv\n'),
    says: () =>
      `an object is not valid JSON: it begins with "{\\"type\\":\\"ADDED\\",\\"object\\":{\\"kind\\":\\"Serv"`,
  },
  'an event that never ends': {
    lists: 'watching',
    answer: (_, response) => {
      watch(response, encodeEvent('ADDED', SERVICE).subarray(0, 8));
      drip(response, Buffer.from('x'));
    },
    says: ({ eventMs }) => `an event is not complete after ${eventMs / 1000} s`,
    limits: { eventMs: 100 },
  },
  'bytes that are no event': {
    lists: 'watching',
    answer: (_, response) => watch(response, frame(Buffer.from('k8s\0 is not what this is'))),
    says: () => 'an object is not valid protobuf: illegal tag: field no 0 wire type 0',
  },
  'an event of four gigabytes': {
    lists: 'watching',
    answer: (_, response) => watch(response, Buffer.alloc(64, 0xff)),
    says: ({ eventBytes }) => `an event has 4294967295 bytes, more than ${eventBytes}`,
  },
  'objects of another kind': {
    lists: 'watching',
    answer: (_, response) => watch(response, encodeEvent('ADDED', rawNode([]))),
    says: () => 'it sent "Node" in place of Service objects',
  },
  'events of an unknown type': {
    lists: 'watching',
    answer: (_, response) => watch(response, encodeEvent('RENAMED', SERVICE)),
    says: () => 'it sent an event of type "RENAMED"',
  },
  'an error in the stream': {
    lists: 'watching',
    answer: (_, response) =>
      watch(response, encodeEvent('ERROR', { kind: 'Status', apiVersion: 'v1', code: 500, message: 'etcd is away' })),
    says: () => 'it refuses to watch (500 etcd is away)',
  },
  'a listing that falls silent': {
    lists: 'watching',
    answer: (_, response) => watch(response, encodeEvent('ADDED', SERVICE)),
    says: ({ listingIdleMs }) => `nothing came for ${listingIdleMs / 1000} s`,
    limits: { listingIdleMs: 200 },
  },
  'a listing without end': {
    lists: 'watching',
    answer: (_, response) => {
      watch(response);
      let sent = 0;
      pour(response, () => {
        const names = Array.from({ length: MANY }, (_each, index) => `s-${sent + index}`);
        sent += MANY;
        return Buffer.concat(names.map((name) => encodeEvent('ADDED', rawService({ metadata: { name } }))));
      });
    },
    says: ({ objects }) => `its list of services has no end: it passed ${objects} objects`,
    limits: { objects: 200 },
  },
};
