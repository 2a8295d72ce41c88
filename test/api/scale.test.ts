import { afterAll, beforeAll, expect, test } from 'vitest';
import { SERVICES, serviceWithSlice } from '../../scripts/benchmarks/cluster-objects.ts';
import { eventually } from '../support/deadline.ts';
import { Followed } from '../support/followed.ts';
import { accessTo } from '../support/kube-access.ts';
import { KubeApi, type SeededObject } from '../support/kube-api.ts';
import { makeNode, serviceUrl } from '../support/kube-objects.ts';

const START_MS = 120_000;
const TOLD_MS = 120_000; // of a busy machine
const TEST_MS = 500_000;

let api: KubeApi;

beforeAll(async () => {
  api = await KubeApi.start();
  await makeNode(api.admin);
}, START_MS);

afterAll(() => api?.[Symbol.asyncDispose]());

/** Waits for so many objects that are neither the node nor the API's own. */
async function holds(followed: Followed, count: number): Promise<void> {
  const own = 3; // the node, default/kubernetes and its slice
  const ask = (): true | undefined => (followed.objects.size === count + own ? true : undefined);
  await eventually(`${count} objects`, ask, TOLD_MS).catch((error: Error) => {
    throw new Error(`${error.message}: there are ${followed.objects.size}`, { cause: error });
  });
}

test(
  '10,000 Services with 100,000 endpoints that come in one go are told while they come, and to who comes later',
  async () => {
    await using present = new Followed(accessTo(api));
    await eventually('sync', () => (present.syncs > 0 ? true : undefined), 20_000);
    const objects = Array.from({ length: SERVICES }, (_, index) => serviceWithSlice(index)).flat();
    await api.seed(objects as readonly SeededObject[]); // as the API has them
    await holds(present, objects.length);
    expect(present.ops.filter(({ op }) => op === 'delete' || op === 'reset' || op === 'ignore')).toEqual([]);

    await using late = new Followed(accessTo(api));
    await eventually('sync', () => (late.syncs > 0 ? true : undefined), TOLD_MS);
    await holds(late, objects.length);
    expect(late.names).toEqual(present.names);

    await api.admin.do('DELETE', serviceUrl('service-77'));
    await eventually('the deletion', () => (late.objects.has('Service default/service-77') ? undefined : true));
    expect(late.told).toEqual([]);
  },
  TEST_MS,
);
