import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigFlag } from '../../src/abi/generated.ts';
import { NODE } from '../support/addresses.ts';
import { eventually } from '../support/deadline.ts';
import { PinnedMaps } from '../support/pinned-maps.ts';
import { createWorld, PORT, VIP, type World } from '../support/world.ts';

const SHORT_MS = 300;
const FLAGS_AT = 312; // of struct config

let world: World;
let maps: PinnedMaps;
beforeAll(async () => {
  world = await createWorld({ kind: 'routed' });
  // What comes from outside only, or what the node sends on would come back to it.
  await world.lab.remote.run(['ip', 'route', 'add', VIP.single.ipv4, 'via', NODE.ipv4, 'table', '100']);
  await world.lab.remote.run(['ip', 'rule', 'add', 'iif', 'ext0', 'to', VIP.single.ipv4, 'table', '100']);
  maps = PinnedMaps.open(world.lab);
}, 60_000);
afterAll(async () => {
  maps?.[Symbol.dispose]();
  await world?.lab.dispose();
});

it.each([
  ['nftables', ['add table ip kube-proxy'], ['delete table ip kube-proxy']],
  [
    'iptables',
    ['add table ip nat', 'add chain ip nat KUBE-SERVICES', 'add rule ip nat KUBE-SERVICES counter'],
    ['flush chain ip nat KUBE-SERVICES'],
  ],
])(
  'lets pass what kube-proxy may know while its %s rules stand, and says so',
  async (mode, add, remove) => {
    const told = world.agent.lines.length;
    expect([coexists(), await dialThroughTheNode()]).toEqual([false, 'refused']);
    await nft(add);
    await settled(true);
    expect(await dialThroughTheNode()).toBe('silence');
    await nft(remove);
    await settled(false);
    expect(await dialThroughTheNode()).toBe('refused');
    const lines = world.agent.lines.slice(told).filter(({ msg }) => msg.startsWith("kube-proxy's rules"));
    expect(lines.map(({ msg, rules }) => [msg, rules])).toEqual([
      ["kube-proxy's rules are on this node, connections that it may know pass", [mode]],
      ["kube-proxy's rules are gone, connections that nobody knows are refused", undefined],
    ]);
  },
  60_000,
);

let addresses = 0;

/** An address of the node that comes makes the agent look at once. */
async function settled(wanted: boolean): Promise<void> {
  addresses += 1;
  await world.lab.node.ip([`address add 192.0.2.${addresses}/32 dev lo`]);
  await eventually('the agent to look', () => (coexists() === wanted ? true : undefined));
}

function coexists(): boolean {
  return (new DataView(maps.kernel.config.mmap()).getUint32(FLAGS_AT, true) & ConfigFlag.COEXIST) !== 0;
}

/** From outside, through the node, to a VIP: only the guard at the uplink, where it would leave again, can refuse it. */
async function dialThroughTheNode(): Promise<string> {
  const outcome = await world.lab.external.rawProbe.connect({ host: VIP.single.ipv4, port: PORT, timeoutMs: SHORT_MS });
  return outcome.kind === 'failed' && outcome.code === 'ECONNREFUSED' ? 'refused' : 'silence';
}

async function nft(commands: readonly string[]): Promise<void> {
  for (const command of commands) await world.lab.node.run(['nft', ...command.split(' ')]);
}
