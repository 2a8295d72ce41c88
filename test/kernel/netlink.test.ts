import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dumpNetwork, type Network, watchNetwork } from '../../src/sys/netlink.ts';
import { enterNewNetwork, ip } from './new-network.ts';

const PEER = `bpfsvc-netlink-${process.pid}`;

beforeAll(() => {
  enterNewNetwork();
  ip(`netns add ${PEER}`);
});

afterAll(() => {
  ip(`netns del ${PEER}`);
});

describe('dump', () => {
  test('shows an empty namespace', () => {
    expect([...dumpNetwork().devices.values()]).toEqual([
      {
        ifindex: 1,
        name: 'lo',
        kind: '',
        masterIfindex: 0,
        up: true,
        arphrd: 772,
        mac: '00:00:00:00:00:00',
        addresses: ['127.0.0.1', '::1'],
      },
    ]);
  });

  test('shows veths, bridges, ports, peers in other namespaces and addresses', () => {
    ip('link add br0 type bridge');
    ip(`link add pod0 index 70 address 02:00:00:00:00:01 type veth peer name eth0 index 71 netns ${PEER}`);
    ip('link set pod0 master br0');
    ip('link add near index 80 type veth peer name far index 81');
    ip('addr add 192.0.2.1/24 dev near');
    ip('addr add 198.51.100.7 peer 198.51.100.8 dev near');
    ip('addr add 2001:db8::1/64 dev near nodad');
    const { devices } = dumpNetwork();
    const bridge = [...devices.values()].find(({ name }) => name === 'br0');
    const pod = devices.get(70);
    expect(pod).toEqual({
      ifindex: 70,
      name: 'pod0',
      kind: 'veth',
      masterIfindex: bridge?.ifindex,
      peerIfindex: 71,
      peerNetnsId: 0,
      up: false,
      arphrd: 1,
      mac: '02:00:00:00:00:01',
      addresses: [],
    });
    expect([bridge?.kind, devices.get(80)?.peerIfindex, devices.get(80)?.peerNetnsId]).toEqual([
      'bridge',
      81,
      undefined,
    ]);
    expect(devices.get(80)?.addresses).toEqual(['192.0.2.1', '198.51.100.7', '2001:db8::1']);
  });

  test('shows routes with gateways, next hops and tables', () => {
    ip('link set near up');
    ip('link set far up');
    ip('route add default via 192.0.2.254');
    ip('route add 10.9.0.0/16 nexthop via 192.0.2.2 nexthop via inet6 2001:db8::2 dev near');
    ip('route add 10.8.0.0/16 dev near table 777');
    ip('-6 route add 2001:db8:1::/48 via 2001:db8::3');
    ip('route add blackhole 10.7.0.0/16');
    const ours = dumpNetwork().routes.filter((route) => route.gateway !== undefined || route.table === 777);
    ours.sort((a, b) => `${a.destination} ${a.gateway}`.localeCompare(`${b.destination} ${b.gateway}`));
    const near = { ifindex: 80, table: 254 };
    expect(ours).toEqual([
      { ...near, family: 4, destination: '0.0.0.0/0', gateway: '192.0.2.254' },
      { ...near, family: 4, destination: '10.8.0.0/16', table: 777 },
      { ...near, family: 4, destination: '10.9.0.0/16', gateway: '192.0.2.2' },
      { ...near, family: 4, destination: '10.9.0.0/16', gateway: '2001:db8::2' },
      { ...near, family: 6, destination: '2001:db8:1::/48', gateway: '2001:db8::3' },
    ]);
  });
});

describe('watch', () => {
  test('tells the network at once, then each change, until it is aborted', { timeout: 10_000 }, async () => {
    const abort = new AbortController();
    const names: string[][] = [];
    const steps = ['link add watched0 type veth peer name watched1', 'link del watched0'];
    for await (const network of watchNetwork({ signal: abort.signal })) {
      const seen = watched(network);
      if (seen.join() !== names.at(-1)?.join()) {
        names.push(seen);
        const step = steps.shift();
        if (step === undefined) abort.abort();
        else ip(step);
      }
    }
    expect(names).toEqual([[], ['watched0', 'watched1'], []]);
  });

  test('wakes up to an abort while nothing happens', { timeout: 10_000 }, async () => {
    const abort = new AbortController();
    const watch = watchNetwork({ signal: abort.signal });
    await watch.next();
    const next = watch.next();
    setImmediate(() => abort.abort());
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test('survives more events than the socket holds', { timeout: 30_000 }, async () => {
    const abort = new AbortController();
    const watch = watchNetwork({ signal: abort.signal });
    await watch.next();
    const batch = Array.from({ length: 3000 }, (_, row) => `addr add 10.200.${row >> 8}.${row & 255}/32 dev lo`).join(
      '\n',
    );
    spawnSync('ip', ['-batch', '-'], { input: batch });
    const { value } = (await watch.next()) as IteratorYieldResult<Network>;
    expect(value.devices.get(1)?.addresses.length).toBe(3002);
    abort.abort();
    await watch.return(undefined);
  });
});

function watched(network: Network): string[] {
  return [...network.devices.values()]
    .map(({ name }) => name)
    .filter((name) => name.startsWith('watched'))
    .sort();
}
