import { rawService } from '../../conformance/objects.ts';
import { refuse } from '../fake-cluster.ts';
import { encodeObject } from '../kube-protobuf.ts';
import { beginPage, drip, type Faults, page, pour } from './fault.ts';

/** Faults of a server that lists by pages. */
export const PAGE_FAULTS: Faults = {
  'pages without end': {
    lists: 'by pages',
    answer: ({ query }, response) => {
      const [at, limit] = [Number(query.get('continue') ?? 0), Number(query.get('limit'))];
      const names = Array.from({ length: limit }, (_, index) => `s-${at + index}`);
      const metadata = { resourceVersion: '1', continue: String(at + limit) };
      page(
        response,
        names.map((name) => rawService({ metadata: { name } })),
        metadata,
      );
    },
    says: ({ objects }) => `its list of services has no end: it passed ${objects} objects`,
    limits: { objects: 600 },
  },
  'pages that lead nowhere': {
    lists: 'by pages',
    answer: ({ query }, response) =>
      page(response, [], { resourceVersion: '1', continue: `${query.get('continue') ?? ''}x` }),
    says: () => 'its list of services has no end: a page leads nowhere',
  },
  'a page that drips': {
    lists: 'by pages',
    answer: (_, response) => {
      beginPage(response);
      drip(response, Buffer.from('k8s'));
    },
    says: ({ pageMs }) => `it took more than ${pageMs / 1000} s`,
    limits: { pageMs: 200 },
  },
  'a page cut short': {
    lists: 'by pages',
    answer: (_, response) => {
      beginPage(response);
      const items = [rawService({})];
      const whole = encodeObject({ kind: 'ServiceList', apiVersion: 'v1', items, metadata: { resourceVersion: '1' } });
      response.end(whole.subarray(0, 100));
    },
    says: () => 'an object is not valid protobuf: premature EOF',
  },
  'a page in JSON cut short': {
    lists: 'by pages',
    answer: (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"kind":"ServiceList","items":[{"metada');
    },
    says: () => `an object is not valid JSON: it begins with "{\\"kind\\":\\"ServiceList\\",\\"items\\":[{\\"metada"`,
  },
  'a page of more than we take': {
    lists: 'by pages',
    answer: (_, response) => {
      beginPage(response);
      const piece = Buffer.alloc(1 << 20);
      pour(response, () => piece);
    },
    says: ({ pageBytes }) => `a single object of services has more than ${pageBytes} bytes`,
    limits: { pageBytes: 1 << 20 },
  },
  'a list of another kind': {
    lists: 'by pages',
    answer: (_, response) => {
      beginPage(response);
      response.end(encodeObject({ kind: 'NodeList', apiVersion: 'v1', items: [], metadata: { resourceVersion: '1' } }));
    },
    says: () => 'it lists "NodeList" in place of Service objects',
  },
  'a list without a position': {
    lists: 'by pages',
    answer: (_, response) => page(response, [], {}),
    says: () => 'its list of services has no resourceVersion',
  },
  'pages that expire': {
    lists: 'by pages',
    answer: (_, response) => refuse(response, 410, 'Expired', 'The provided continue parameter is too old'),
    says: () => 'its list changed faster than it was read',
  },
};
