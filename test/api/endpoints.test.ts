import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EndpointSlice } from '../../src/model/endpoint-slice.ts';
import { eventually } from '../support/deadline.ts';
import { Followed } from '../support/followed.ts';
import { accessTo } from '../support/kube-access.ts';
import { KubeApi } from '../support/kube-api.ts';
import { makeNode, makePod, makeService, removePod, serviceUrl, setReady, terminate } from '../support/kube-objects.ts';

const START_MS = 120_000;

let api: KubeApi;
let followed: Followed;

beforeAll(async () => {
  api = await KubeApi.start();
  await api.startControllers();
  await makeNode(api.admin);
  followed = new Followed(accessTo(api));
  await eventually('sync', () => (followed.syncs > 0 ? true : undefined), 20_000);
}, START_MS);

afterAll(async () => {
  await followed?.[Symbol.asyncDispose]();
  await api?.[Symbol.asyncDispose]();
});

/** Endpoints of a Service as "address state". */
function endpoints(service: string): readonly string[] {
  const slices = [...followed.objects.values()].filter(
    (object): object is EndpointSlice => 'service' in object && object.service === `default/${service}`,
  );
  return slices
    .flatMap((slice) => slice.endpoints)
    .map(({ ip, conditions: { ready, serving, terminating } }) =>
      [ip, ready && 'ready', serving && 'serving', terminating && 'terminating'].filter(Boolean).join(' '),
    )
    .sort();
}

async function become(service: string, wanted: readonly string[]): Promise<void> {
  const find = (): true | undefined =>
    JSON.stringify(endpoints(service)) === JSON.stringify(wanted) ? true : undefined;
  await eventually(`${wanted.join(', ')}`, find, 20_000).catch((error: Error) => {
    throw new Error(`${error.message}: there are ${endpoints(service).join(', ')}`, { cause: error });
  });
}

test("the API's own Service is there with its endpoint", async () => {
  await eventually('default/kubernetes', () => (endpoints('kubernetes').length > 0 ? true : undefined), 20_000);
  expect(followed.names).toContain('Service default/kubernetes');
});

test('Pods become ready, unready, terminating and go', async () => {
  const { admin } = api;
  await makeService(admin, 'web');
  await makePod(admin, 'web-0', 'web', '10.1.0.5');
  await makePod(admin, 'web-1', 'web', '10.1.0.6');
  await become('web', ['10.1.0.5', '10.1.0.6']);
  await setReady(admin, 'web-0', true);
  await become('web', ['10.1.0.5 ready serving', '10.1.0.6']);
  await setReady(admin, 'web-1', true);
  await become('web', ['10.1.0.5 ready serving', '10.1.0.6 ready serving']);
  await terminate(admin, 'web-0');
  await become('web', ['10.1.0.5 serving terminating', '10.1.0.6 ready serving']);
  await setReady(admin, 'web-1', false);
  await become('web', ['10.1.0.5 serving terminating', '10.1.0.6']);
  await removePod(admin, 'web-0');
  await become('web', ['10.1.0.6']);
  expect(followed.told).toEqual([]);
});

test('a Service that is given to another proxy goes, and comes back', async () => {
  const { admin } = api;
  const label = 'service.kubernetes.io/service-proxy-name';
  const isThere = (): boolean => followed.names.includes('Service default/flip');
  await makeService(admin, 'flip');
  await eventually('the Service', () => (isThere() ? true : undefined));
  await admin.patch(serviceUrl('flip'), { metadata: { labels: { [label]: '' } } });
  await eventually('its end', () => (isThere() ? undefined : true));
  await admin.patch(serviceUrl('flip'), { metadata: { labels: { [label]: null } } });
  await eventually('its return', () => (isThere() ? true : undefined));
  expect(followed.syncs).toBe(1);
});

test('headless Services and their slices never come', async () => {
  const { admin } = api;
  await makeService(admin, 'headless', { clusterIP: 'None' });
  await makePod(admin, 'headless-0', 'headless', '10.1.0.7');
  await makeService(admin, 'witness');
  await makePod(admin, 'witness-0', 'witness', '10.1.0.8');
  await become('witness', ['10.1.0.8']);
  expect(followed.names.filter((name) => name.includes('headless'))).toEqual([]);
  expect(followed.ops.filter((op) => JSON.stringify(op).includes('headless'))).toEqual([]);
});
