import type { Answer } from '../fake-api.ts';
import { refuse } from '../fake-cluster.ts';
import type { Faults } from './fault.ts';

const USER = 'User "x" cannot watch resource "services" in API group "" at the cluster scope';
const selectsNothing: Answer = (_, response) =>
  refuse(response, 400, 'BadRequest', 'field label not supported: spec.clusterIP');

/** Faults in place of an answer. */
export const REFUSAL_FAULTS: Faults = {
  'no answer at all': {
    lists: 'watching',
    answer: () => undefined,
    says: ({ headersMs }) => `no answer began within ${headersMs / 1000} s`,
    limits: { headersMs: 200 },
  },
  'a cut without an answer': {
    lists: 'watching',
    answer: (_, response) => response.destroy(),
    says: () => 'the server closed the stream without an answer',
  },
  'a page for people': {
    lists: 'watching',
    answer: (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>');
    },
    says: () => 'it answers in "text/html": is it a Kubernetes API server?',
  },
  'a storm of errors': {
    lists: 'watching',
    answer: (_, response) => refuse(response, 503, 'ServiceUnavailable', 'apiserver is shutting down'),
    says: () => 'it refuses to watch (503 apiserver is shutting down)',
  },
  'too many requests': {
    lists: 'watching',
    answer: (_, response) => refuse(response, 429, 'TooManyRequests', 'slow down', { 'retry-after': '0.1' }),
    says: () => 'it has too much to do (429 slow down)',
  },
  'positions that expire at once': {
    lists: 'watching',
    answer: (_, response) => refuse(response, 410, 'Expired', 'too old resource version'),
    says: () => 'it forgets every position at once',
  },
  'no rights': {
    lists: 'watching',
    answer: (_, response) => refuse(response, 403, 'Forbidden', USER),
    says: () =>
      `we may not watch services (403 ${USER}): ` +
      'add the rule {apiGroups: [""], resources: ["services"], verbs: ["list", "watch"]} to our ClusterRole',
  },
  'a server that selects no Services by their address': {
    lists: 'watching',
    answer: selectsNothing,
    pages: selectsNothing,
    says: () =>
      'it does not understand us (400 field label not supported: spec.clusterIP): Kubernetes 1.31 or newer is needed',
  },
  'an unknown token': {
    lists: 'watching',
    answer: (_, response) => refuse(response, 401, 'Unauthorized', 'Unauthorized'),
    says: () => 'it does not know us (401 Unauthorized): correct or renew the token or client certificate',
  },
  'no such resource': {
    lists: 'watching',
    answer: (_, response) => refuse(response, 404, 'NotFound', 'not found'),
    says: () => 'it has no /api/v1/services (404 not found): is it a Kubernetes API server?',
  },
  'a body that is no Status': {
    lists: 'watching',
    answer: (_, response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      response.end('panic');
    },
    says: () => 'it refuses to watch (500)',
  },
};
