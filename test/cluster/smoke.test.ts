import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/deadline.ts';
import { KubeCluster } from '../support/kube-cluster.ts';
import { REPOSITORY } from '../support/repository.ts';

/** What a start takes where everything has to be built first. */
const COLD_MS = 60 * 60_000;
const CASE_MS = 120_000;

let cluster: KubeCluster;
let servers: readonly string[];
let vips: { readonly IPv4: string; readonly IPv6: string };

beforeAll(async () => {
  cluster = await KubeCluster.start('--nodes', '2');
  await cluster.kubectl('apply', '-f', join(REPOSITORY, 'test/cluster/world.yaml'));
  await cluster.kubectl('rollout', 'status', 'daemonset/server', '--timeout=90s');
  await cluster.kubectl('wait', '--for=condition=Ready', 'pod/pod', 'pod/node', '--timeout=90s');
  const names = await cluster.kubectl('get', 'pods', '-l', 'app=server', '-o', 'jsonpath={.items[*].metadata.name}');
  servers = names.split(' ').toSorted();
  const addresses = await cluster.kubectl('get', 'service', 'server', '-o', 'jsonpath={.spec.clusterIPs[*]}');
  const [IPv4 = '', IPv6 = ''] = addresses.split(' ');
  vips = { IPv4, IPv6 };
}, COLD_MS);

afterAll(() => cluster?.[Symbol.asyncDispose](), CASE_MS);

/** Enough that chance does not leave one of two servers out, and all at once, as nc waits a second for more. */
const ASKED = 40;
const ASK = {
  TCP: (vip: string) => `curl -gsS --max-time 5 http://${bracketed(vip)}:80/hostname`,
  UDP: (vip: string) => `echo hostname | timeout 5 nc -u -w 1 ${vip} 81`,
};

test.each(
  (['pod', 'node'] as const).flatMap((from) =>
    (['TCP', 'UDP'] as const).flatMap((protocol) =>
      (['IPv4', 'IPv6'] as const).map((family) => ({ from, protocol, family })),
    ),
  ),
)(
  '$protocol over $family from a $from reaches every server of the Service',
  async ({ from, protocol, family }) => {
    const ask = ASK[protocol](vips[family]);
    expect(await answersOf(from, ask)).toEqual({ count: ASKED, names: servers });
  },
  CASE_MS,
);

// Only pods that the proxy knows to be its own: to others the Local policy gives the servers of their node.
test(
  'a pod reaches every server behind the address of a load balancer, as itself',
  async () => {
    const ingress = 'jsonpath={.status.loadBalancer.ingress[0].ip}';
    await cluster.kubectl('wait', 'service/balanced', `--for=${ingress}`, '--timeout=30s');
    const address = await cluster.kubectl('get', 'service', 'balanced', '-o', ingress);
    const pod = await cluster.kubectl('get', 'pod', 'pod', '-o', 'jsonpath={.status.podIP}');
    const ask = (path: string): string => `curl -sS --max-time 5 http://${address}:80/${path}`;
    expect(await answersOf('pod', ask('hostname'))).toEqual({ count: ASKED, names: servers });
    expect((await cluster.inPod('pod', ask('clientip'))).replace(/:\d+$/, '')).toBe(pod);
  },
  CASE_MS,
);

test(
  'names are answered behind the ClusterIP of the DNS',
  async () => {
    const question = 'server.default.svc.cluster.local';
    const addresses = await cluster.inPod('pod', `dig +short +timeout=5 @10.96.0.10 ${question} A ${question} AAAA`);
    expect(addresses.split('\n')).toEqual([vips.IPv4, vips.IPv6]);
  },
  CASE_MS,
);

test(
  'a rolling restart of the agent costs no connection',
  async () => {
    // One connection that stays, and new ones all the while, in a pod; both write a line for each answer (curl buffers stdout).
    const kept = `curl -sS --rate 10/s -o /dev/null -w "%{stderr}%{num_connects} %{http_code}\\n" "http://${vips.IPv4}:80/hostname?[1-100000]"`;
    const fresh = `while sleep 0.1; do curl -sS --max-time 5 -o /dev/null -w "%{http_code}\\n" http://${vips.IPv4}:80/hostname; done`;
    await cluster.inPod('pod', `(${kept}) >/tmp/kept 2>&1 & (${fresh}) >/tmp/fresh 2>&1 &`);
    const lines = async (file: string): Promise<readonly string[]> =>
      (await cluster.inPod('pod', `cat ${file}`)).split('\n').filter((line) => line !== '');
    const growsBeyond = (file: string, count: number): Promise<readonly string[]> =>
      eventually(
        `answers in ${file}`,
        async () => {
          const all = await lines(file);
          return all.length > count ? all : undefined;
        },
        30_000,
      );
    const before = await Promise.all([growsBeyond('/tmp/kept', 5), growsBeyond('/tmp/fresh', 5)]);

    const agents = (): Promise<string> =>
      cluster.kubectl('-n', 'kube-system', 'get', 'pods', '-l', 'app.kubernetes.io/name=bpfsvc', '-o', 'name');
    const old = (await agents()).split('\n');
    await cluster.kubectl('-n', 'kube-system', 'rollout', 'restart', 'daemonset/bpfsvc');
    await cluster.kubectl('-n', 'kube-system', 'rollout', 'status', 'daemonset/bpfsvc', '--timeout=100s');

    const keptAfter = await growsBeyond('/tmp/kept', (await lines('/tmp/kept')).length + 5);
    const freshAfter = await growsBeyond('/tmp/fresh', (await lines('/tmp/fresh')).length + 5);
    expect({
      replaced: (await agents()).split('\n').filter((agent) => old.includes(agent)),
      keptBefore: before[0][0],
      kept: [...new Set(keptAfter.slice(1))],
      fresh: [...new Set(freshAfter)],
    }).toEqual({ replaced: [], keptBefore: '1 200', kept: ['0 200'], fresh: ['200'] });
  },
  2 * CASE_MS,
);

/** How many answers came, and from which servers. */
async function answersOf(
  from: string,
  ask: string,
): Promise<{ readonly count: number; readonly names: readonly string[] }> {
  const each = `answer=$(${ask}); echo "$answer"`;
  const all = await cluster.inPod(from, `for i in $(seq ${ASKED}); do (${each}) & done; wait`);
  const names = all.split('\n').filter((line) => line !== '');
  return { count: names.length, names: [...new Set(names)].toSorted() };
}

function bracketed(vip: string): string {
  return vip.includes(':') ? `[${vip}]` : vip;
}
