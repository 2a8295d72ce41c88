import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rawNode } from '../../../../test/conformance/objects.ts';
import { eventually } from '../../../../test/support/deadline.ts';
import { startFakeApi } from '../../../../test/support/fake-api.ts';
import { FakeCluster } from '../../../../test/support/fake-cluster.ts';
import { Followed } from '../../../../test/support/followed.ts';
import { startProxy } from '../../../../test/support/proxy.ts';
import { inClusterAccess } from './in-cluster.ts';
import { kubeconfigAccess } from './kubeconfig.ts';

const ROOT = mkdtempSync(join(tmpdir(), 'bpfsvc-access-'));
afterAll(() => rmSync(ROOT, { recursive: true, force: true }));

let folders = 0;

function folderOf(files: Readonly<Record<string, string>>): string {
  folders += 1;
  const folder = join(ROOT, String(folders));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

interface Config {
  readonly cluster?: object;
  readonly user?: object;
}

function kubeconfig({ cluster, user }: Config, files: Readonly<Record<string, string>> = {}): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://192.0.2.1:6443', ...cluster } }],
    users: [{ name: 'u', user: user ?? {} }],
  };
  return join(folderOf({ ...files, config: JSON.stringify(config) }), 'config');
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function read(config: Config, files: Readonly<Record<string, string>> = {}): Promise<object> {
  const access = await kubeconfigAccess({ path: kubeconfig(config, files), server: undefined });
  const trust = Object.entries(await access.trust()).map(([name, value]: [string, unknown]) => [
    name,
    Buffer.isBuffer(value) ? value.toString() : value,
  ]);
  const texts = Object.fromEntries(trust) as Readonly<Record<string, unknown>>; // fromEntries says any
  return { server: access.server.href, ...texts, authorization: await access.authorization() };
}

test('a kubeconfig with everything in it', async () => {
  const cluster = { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'api.example' };
  const user = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY'), token: 'T' };
  expect(await read({ cluster, user })).toEqual({
    ...{ server: 'https://192.0.2.1:6443/', ca: 'CA', cert: 'CERT', key: 'KEY', servername: 'api.example' },
    authorization: 'Bearer T',
  });
});

test('a kubeconfig with files beside it', async () => {
  const cluster = { 'certificate-authority': 'ca.crt' };
  const user = { 'client-certificate': 'me.crt', 'client-key': 'me.key', tokenFile: 'token', token: 'old' };
  expect(await read({ cluster, user }, { 'ca.crt': 'CA', 'me.crt': 'CERT', 'me.key': 'KEY', token: 'T\n' })).toEqual({
    ...{ server: 'https://192.0.2.1:6443/', ca: 'CA', cert: 'CERT', key: 'KEY' },
    authorization: 'Bearer T',
  });
});

test('a kubeconfig without trust, and with a password', async () => {
  expect(await read({ cluster: { 'insecure-skip-tls-verify': true }, user: { username: 'a', password: 'b' } })).toEqual(
    {
      ...{ server: 'https://192.0.2.1:6443/', rejectUnauthorized: false },
      authorization: `Basic ${base64('a:b')}`,
    },
  );
});

test('--api-server takes the place of the server', async () => {
  const access = await kubeconfigAccess({ path: kubeconfig({}), server: 'https://[fd00::1]:6443' });
  expect(access.server.href).toBe('https://[fd00::1]:6443/');
});

test('a kubeconfig is read again when it is needed: files rotate', async () => {
  const path = kubeconfig({ user: { tokenFile: 'token' } }, { token: 'first' });
  const access = await kubeconfigAccess({ path, server: undefined });
  expect(await access.authorization()).toBe('Bearer first');
  writeFileSync(join(path, '../token'), 'second');
  expect(await access.authorization()).toBe('Bearer second');
});

const EMPTY = join(folderOf({ config: '{}' }), 'config');
const BROKEN = join(folderOf({ config: 'a: [' }), 'config');
const STRAY = kubeconfig({ cluster: { 'certificate-authority': 'gone.crt' } });
const ODD = kubeconfig({ cluster: { server: 'ftp://x' } });

test.each([
  [`${ROOT}/none`, `Cannot read kubeconfig "${ROOT}/none": it is missing: correct --kubeconfig`],
  [EMPTY, `Cannot use kubeconfig "${EMPTY}": it has no current-context: set one with kubectl config use-context NAME`],
  [BROKEN, `Cannot read kubeconfig "${BROKEN}": it is neither YAML nor JSON`],
  [
    STRAY,
    `Cannot read the certificate-authority "${join(STRAY, '../gone.crt')}": it is missing: correct the kubeconfig`,
  ],
  [
    ODD,
    `Cannot use kubeconfig "${ODD}": the cluster's server "ftp://x": it is no URL of http or https: write it like https://192.0.2.1:6443`,
  ],
])('%s is refused with cause and cure', async (path, message) => {
  await expect(kubeconfigAccess({ path, server: undefined })).rejects.toThrow(message);
});

test('a context without its cluster is refused', async () => {
  const config = { 'current-context': 'x', contexts: [{ name: 'x', context: { cluster: 'y' } }] };
  const path = join(folderOf({ config: JSON.stringify(config) }), 'config');
  await expect(kubeconfigAccess({ path, server: undefined })).rejects.toThrow('its clusters have no "y"');
});

test('an exec plug-in is asked, and its failure told', async () => {
  const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'X' } };
  const folder = folderOf({
    plugin: `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`,
    broken: '#!/bin/sh\necho no >&2; exit 1\n',
  });
  for (const name of ['plugin', 'broken']) chmodSync(join(folder, name), 0o755);
  const exec = (command: string) => ({ apiVersion: 'client.authentication.k8s.io/v1', command: join(folder, command) });
  expect(await read({ user: { exec: exec('plugin') } })).toEqual({
    server: 'https://192.0.2.1:6443/',
    authorization: 'Bearer X',
  });
  const path = kubeconfig({ user: { exec: exec('broken') } });
  const access = await kubeconfigAccess({ path, server: undefined });
  await expect(access.authorization()).rejects.toThrow(
    `Cannot get credentials by kubeconfig "${path}": no: run its plug-in by hand and correct it`,
  );
});

test('a plug-in may give a client certificate in place of a token', async () => {
  const status = { clientCertificateData: 'CERT', clientKeyData: 'KEY' };
  const folder = folderOf({ plugin: `#!/bin/sh\necho '${JSON.stringify({ kind: 'ExecCredential', status })}'\n` });
  chmodSync(join(folder, 'plugin'), 0o755);
  const cluster = { 'certificate-authority-data': base64('CA') };
  expect(await read({ cluster, user: { exec: { command: join(folder, 'plugin') } } })).toEqual({
    ...{ server: 'https://192.0.2.1:6443/', ca: 'CA', cert: 'CERT', key: 'KEY' },
    authorization: undefined,
  });
});

test('an OIDC provider is asked', async () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'none' })}.${part({ exp: 4_000_000_000 })}.x`;
  const user = { 'auth-provider': { name: 'oidc', config: { 'id-token': token } } };
  expect(await read({ user })).toEqual({ server: 'https://192.0.2.1:6443/', authorization: `Bearer ${token}` });
});

test.each(['http', 'socks5'] as const)('the cluster is followed through a proxy of %s', async (protocol) => {
  const cluster = new FakeCluster([rawNode(['192.0.2.1'])]);
  await using api = await startFakeApi('https', cluster.answer);
  await using proxy = await startProxy(protocol);
  const path = kubeconfig({
    cluster: { server: api.url, 'certificate-authority-data': base64(api.ca), 'proxy-url': proxy.url },
  });
  {
    await using followed = new Followed(await kubeconfigAccess({ path, server: undefined }));
    await eventually('sync', () => (followed.syncs > 0 ? true : undefined));
    expect(followed.names).toEqual(['Node node-a']);
  }
  expect(proxy.targets).toEqual(Array.from({ length: 3 }, () => `127.0.0.1:${api.port}`));
});

test('a proxy that is no URL is refused with cause and cure', async () => {
  const path = kubeconfig({ cluster: { 'proxy-url': 'ftp://x' } });
  await expect(kubeconfigAccess({ path, server: undefined })).rejects.toThrow(
    `Cannot use kubeconfig "${path}": the proxy-url "ftp://x": it is no URL of http, https or socks5: write it like http://192.0.2.1:3128`,
  );
});

test('the service account of a pod, its token read for each request', async () => {
  const folder = folderOf({ token: 'first', 'ca.crt': 'CA' });
  const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  const access = inClusterAccess({ server: undefined, environment, folder });
  expect(access.server.href).toBe('https://[fd00::1]/');
  expect(await access.trust()).toEqual({ ca: Buffer.from('CA') });
  expect(await access.authorization()).toBe('Bearer first');
  writeFileSync(join(folder, 'token'), 'second\n');
  expect(await access.authorization()).toBe('Bearer second');
});

test('--api-server takes the place of the ClusterIP', () => {
  const folder = folderOf({ token: 'first', 'ca.crt': 'CA' });
  expect(inClusterAccess({ server: 'https://192.0.2.1:6443', environment: {}, folder }).server.href).toBe(
    'https://192.0.2.1:6443/',
  );
});

test('plain http needs no account, https does', async () => {
  const open = inClusterAccess({ server: 'http://127.0.0.1:8001', environment: {}, folder: `${ROOT}/none` });
  expect([await open.trust(), await open.authorization()]).toEqual([{}, undefined]);
  expect(() => inClusterAccess({ server: 'https://127.0.0.1', environment: {}, folder: `${ROOT}/none` })).toThrow(
    `Cannot read the service account's token "${ROOT}/none/token": it is missing: run in a pod with a service account, or give --kubeconfig FILE or --manifests DIR`,
  );
});
