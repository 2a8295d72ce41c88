import { existsSync, rmSync } from 'node:fs';
import { packColumn } from '../../src/abi/column.ts';
import { Backend, Config, maps as layout, Verdict } from '../../src/abi/generated.ts';
import { configWords } from '../../src/backend/bpf/config-words.ts';
import { columnRanges, SERVICE_WORDS } from '../../src/backend/bpf/image.ts';
import { observe } from '../../src/backend/bpf/observe.ts';
import { linkPin, mapPin, pinsOf, removePins } from '../../src/backend/bpf/pins.ts';
import { parseIp } from '../../src/model/ip.ts';
import { BpfMap } from '../../src/sys/bpf-map.ts';
import { GATEWAY, NODE } from './addresses.ts';
import { pinFolder } from './agent.ts';
import { run } from './command.ts';
import type { Lab } from './lab.ts';
import type { PinnedMaps } from './pinned-maps.ts';
import type { Probe } from './probe.ts';
import { hostDevice } from './wiring.ts';
import { PORT, VIP } from './world.ts';

/** What somebody does to the kernel's state behind the agent's back. */
export interface Damage {
  readonly name: string;
  harm(): Promise<void> | void;
  isWell(): Promise<boolean> | boolean;
}

/** One of each kind, in a lab with the standing Services. */
export function damagesOf(lab: Lab, maps: PinnedMaps): readonly Damage[] {
  return [...rowDamages(lab, maps), ...settingDamages(maps), ...hookDamages(lab), ...pinDamages(lab)];
}

function rowDamages(lab: Lab, maps: PinnedMaps): readonly Damage[] {
  const { probe, rawProbe } = lab.pod('a');
  const service = (vip: string) => {
    const frontend = maps.map('frontends').lookup(frontendKey(vip));
    if (frontend === undefined) throw new Error(`Cannot find a frontend of "${vip}"`);
    return layout.frontends.value.decode(frontend).serviceId;
  };
  const rangesOf = (vip: string) => columnRanges(observe(maps.kernel), service(vip));
  return [
    {
      name: 'a frontend deleted',
      harm: () => void maps.map('frontends').delete(frontendKey(VIP.single.ipv4)),
      isWell: () => isServedBy([rawProbe, probe], VIP.single.ipv4, 'b'),
    },
    {
      name: 'a VIP deleted',
      harm: () => void maps.map('vips').delete(layout.vips.key.encode(ip(VIP.single.ipv6))),
      isWell: () => isServedBy([rawProbe, probe], VIP.single.ipv6, 'b'),
    },
    {
      name: 'verdicts overwritten',
      harm: () => {
        const words = new BigUint64Array(maps.kernel.services.mmap());
        const drop = packColumn({ verdict: Verdict.DROP, offset: 0, size: 0, flags: 0 });
        words.fill(drop, service(VIP.twin.ipv4) * SERVICE_WORDS, service(VIP.twin.ipv4) * SERVICE_WORDS + 3);
      },
      isWell: () => isServedBy([rawProbe, probe], VIP.twin.ipv4, 'b'),
    },
    {
      name: 'slots emptied',
      harm: () => {
        const words = new Uint32Array(maps.kernel.slots.mmap());
        for (const { offset, size } of rangesOf(VIP.twin.ipv6)) words.fill(0, offset * 2, (offset + size) * 2);
      },
      isWell: () => isServedBy([rawProbe, probe], VIP.twin.ipv6, 'b'),
    },
    {
      name: 'a backend with another address',
      harm: () => {
        const bytes = new Uint8Array(maps.kernel.backends.mmap());
        const slots = new Uint32Array(maps.kernel.slots.mmap());
        for (const { offset } of rangesOf(VIP.remote.ipv4)) {
          const at = (slots[offset * 2] ?? 0) * Backend.size;
          bytes.set(Backend.encode({ ...Backend.decode(bytes, at), addr: ip(lab.pod('a').addresses.ipv4) }), at);
        }
      },
      isWell: () => isServedBy([rawProbe, probe], VIP.remote.ipv4, 'r'),
    },
    { name: 'members deleted', ...emptied(maps.map('members')) },
    { name: 'names deleted', ...emptied(maps.map('service_names')) },
    { name: 'devices deleted', ...emptied(maps.map('devices')) },
  ];
}

function settingDamages(maps: PinnedMaps): readonly Damage[] {
  const bytes = new Uint8Array(maps.kernel.config.mmap());
  const words = configWords(maps.kernel.config);
  const cookie = words.nodeNetnsCookie;
  return [
    {
      name: 'the address of the node cleared',
      harm: () => void bytes.set(Config.encode({ ...Config.decode(bytes), nodeAddrV4: ip('::') })),
      isWell: () => Config.decode(bytes).nodeAddrV4 === ip(NODE.ipv4),
    },
    {
      name: 'the network namespace of the node forgotten',
      harm: () => {
        words.nodeNetnsCookie = 0n;
      },
      isWell: () => words.nodeNetnsCookie === cookie,
    },
  ];
}

/** Programs taken off their hooks by other tools. */
function hookDamages(lab: Lab): readonly Damage[] {
  const links = pinsOf(pinFolder(lab));
  const detach = (pin: string) => run(['bpftool', 'link', 'detach', 'pinned', pin]).then(() => undefined);
  /** TCX links from Linux 6.6 on, clsact filters before. */
  const unhook = async (program: string, device: string, direction: 'ingress' | 'egress') => {
    const [{ ifindex }] = JSON.parse(await lab.node.run(['ip', '-json', 'link', 'show', device])) as [
      { readonly ifindex: number },
    ];
    const pin = linkPin(links, program, ifindex);
    if (existsSync(pin)) await detach(pin);
    else await lab.node.run(['tc', 'filter', 'del', 'dev', device, direction]);
  };
  const { rawProbe } = lab.pod('a');
  return [
    {
      name: 'connect4 detached',
      harm: () => detach(linkPin(links, 'connect4')),
      isWell: () => isServedAtSocket(lab, 'ipv4'),
    },
    {
      name: 'pod_in detached',
      harm: () => unhook('pod_in', hostDevice('a'), 'ingress'),
      isWell: () => isServedBy([rawProbe], VIP.single.ipv4, 'b'),
    },
    {
      name: 'pod_out detached',
      harm: () => unhook('pod_out', hostDevice('a'), 'egress'),
      isWell: () => isServedBy([rawProbe], VIP.single.ipv6, 'b'),
    },
    {
      name: 'uplink_out detached',
      harm: () => unhook('uplink_out', 'eth0', 'egress'),
      isWell: () => isServedBy([lab.node.rawProbe], VIP.single.ipv4, 'b'),
    },
    {
      name: 'uplink_in detached',
      harm: () => unhook('uplink_in', 'eth0', 'ingress'),
      isWell: () => isServedBy([lab.node.rawProbe], VIP.remote.ipv4, 'r'),
    },
  ];
}

function pinDamages(lab: Lab): readonly Damage[] {
  const pins = pinsOf(pinFolder(lab));
  const mapId = (name: string) => {
    using map = BpfMap.openPinned(mapPin(pins, name));
    return map?.id;
  };
  const known = mapId('frontends');
  return [
    {
      name: 'the pin of a link removed',
      harm: () => rmSync(linkPin(pins, 'connect6')),
      isWell: () => isServedAtSocket(lab, 'ipv6'),
    },
    {
      name: 'the pin of a map removed',
      harm: () => rmSync(mapPin(pins, 'frontends')),
      isWell: () => mapId('frontends') === known,
    },
    {
      name: 'all pins removed',
      harm: () => removePins(pins),
      isWell: async () => {
        const isPinned = existsSync(linkPin(pins, 'sendmsg4')) && mapId('frontends') === known;
        return isPinned && (await isServedBy([lab.node.probe, lab.pod('a').rawProbe], VIP.twin.ipv4, 'b'));
      },
    },
  ];
}

/** Well again: as many rows as before. */
function emptied(map: BpfMap): Pick<Damage, 'harm' | 'isWell'> {
  const count = () => Array.from(map.chunks()).reduce((sum, chunk) => sum + chunk.count, 0);
  const known = count();
  return {
    harm: () => {
      for (const { keys, count: rows } of [...map.chunks()])
        map.deleteBatch(keys.subarray(0, rows * map.keySize), rows);
    },
    isWell: () => count() === known,
  };
}

const SHORT_MS = 300;

/** Without its hook a socket of the node would still be served, by its packets: from the uplink's address. */
async function isServedAtSocket({ node }: Lab, family: 'ipv4' | 'ipv6'): Promise<boolean> {
  const outcome = await node.probe.connect({ host: VIP.single[family], port: PORT, timeoutMs: SHORT_MS });
  return outcome.kind === 'answered' && outcome.client === GATEWAY[family];
}

async function isServedBy(probes: readonly Probe[], vip: string, server: string): Promise<boolean> {
  for (const probe of probes) {
    const outcome = await probe.connect({ host: vip, port: PORT, timeoutMs: SHORT_MS });
    if (outcome.kind !== 'answered' || outcome.server !== server) return false;
  }
  return true;
}

function frontendKey(vip: string): Uint8Array {
  return layout.frontends.key.encode({ addr: ip(vip), port: PORT, proto: 6 });
}

function ip(text: string) {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}
