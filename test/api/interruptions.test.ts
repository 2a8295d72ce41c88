import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/deadline.ts';
import { Followed, QUICK } from '../support/followed.ts';
import { accessTo } from '../support/kube-access.ts';
import { KubeApi } from '../support/kube-api.ts';
import { makeNode, makeService, serviceUrl } from '../support/kube-objects.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const START_MS = 120_000;
const SYNC_MS = 20_000;
const TEST_MS = 120_000;

let api: KubeApi;

beforeAll(async () => {
  api = await KubeApi.start();
  await makeNode(api.admin);
  await makeService(api.admin, 'stays');
}, START_MS);

afterAll(() => api?.[Symbol.asyncDispose]());

async function follows(followed: Followed, name: string): Promise<void> {
  const ask = (): true | undefined => (followed.names.includes(`Service default/${name}`) ? true : undefined);
  await eventually(`Service ${name}`, ask, SYNC_MS).catch((error: Error) => {
    throw new Error(`${error.message}: ${followed.told.join('; ')}`, { cause: error });
  });
}

async function synced(followed: Followed): Promise<void> {
  await eventually('sync', () => (followed.syncs > 0 ? true : undefined), SYNC_MS);
}

/** But for the server's own endpoint, which it takes back when it ends. */
function changes(followed: Followed): readonly object[] {
  return followed.ops.filter((op) => op.op !== 'set' || op.object.name !== 'kubernetes');
}

/** What took something away. */
function losses(followed: Followed): readonly object[] {
  return followed.ops.filter(({ op }) => op === 'delete' || op === 'reset');
}

test(
  'the API server goes and comes back: nothing is lost, and it is followed again',
  async () => {
    await using followed = new Followed(accessTo(api));
    await synced(followed);
    const before = changes(followed).length;
    await api.stopServer();
    await eventually('trouble', () => (followed.told.length > 0 ? true : undefined), SYNC_MS);
    expect(changes(followed).length).toBe(before);
    await api.startServer();
    await makeService(api.admin, 'after-restart');
    await follows(followed, 'after-restart');
    expect(losses(followed)).toEqual([]);
    await eventually('the last line', () => (followed.told.at(-1) === 'api server serves us again' ? true : undefined));
    expect(followed.syncs).toBe(1);
  },
  TEST_MS,
);

test(
  'a position that was compacted away: all is listed anew, only what went is deleted',
  async () => {
    await using proxy = await startTcpProxy(api.port);
    await makeService(api.admin, 'goes');
    await using followed = new Followed(accessTo(api, { port: proxy.port }));
    await synced(followed);
    await follows(followed, 'goes');
    proxy.open(false);
    await api.admin.do('DELETE', serviceUrl('goes'));
    await makeService(api.admin, 'comes');
    await api.compact();
    await api.stopServer(); // with it goes its cache of what was compacted
    await api.startServer();
    proxy.open(true);
    await follows(followed, 'comes');
    await eventually('the deletion', () => (losses(followed).length > 0 ? true : undefined), SYNC_MS);
    expect(losses(followed)).toEqual([{ op: 'delete', kind: 'Service', namespace: 'default', name: 'goes' }]);
    const stays = followed.ops.filter((op) => op.op === 'set' && op.object.name === 'stays');
    expect(stays.length).toBe(2); // listed twice: it was no resumed watch
  },
  TEST_MS,
);

test(
  'a connection that only seems open is replaced',
  async () => {
    await using proxy = await startTcpProxy(api.port);
    const limits = { ...QUICK, pingEveryMs: 200, pingAnswerMs: 500 };
    await using followed = new Followed(accessTo(api, { port: proxy.port }), { limits });
    await synced(followed);
    proxy.freeze();
    await makeService(api.admin, 'after-silence');
    await follows(followed, 'after-silence');
    expect(followed.told[0]).toContain('the server has not answered a ping for 0.5 s');
    expect(losses(followed)).toEqual([]);
  },
  TEST_MS,
);

test(
  'a slow way to the API only takes longer',
  async () => {
    await Promise.all(Array.from({ length: 100 }, (_, index) => makeService(api.admin, `slow-${index}`)));
    await using proxy = await startTcpProxy(api.port, 64 << 10);
    const limits = { ...QUICK, pingEveryMs: 500, pingAnswerMs: 5_000 };
    await using followed = new Followed(accessTo(api, { port: proxy.port }), { limits });
    await synced(followed);
    await follows(followed, 'slow-99');
    await makeService(api.admin, 'later');
    await follows(followed, 'later');
    expect(followed.told).toEqual([]);
    expect(proxy.connections).toBe(1);
  },
  TEST_MS,
);
