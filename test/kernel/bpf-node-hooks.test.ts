import { existsSync, mkdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { probeFeatures } from '../../src/backend/bpf/features.ts';
import { NodeHooks } from '../../src/backend/bpf/hooks/node-hooks.ts';
import { loadDataplane } from '../../src/backend/bpf/load.ts';
import { linkPin, makeFolders, makePins } from '../../src/backend/bpf/pins.ts';
import { eventually } from '../support/deadline.ts';
import { makeScratch, makeVeth } from './hooks-scratch.ts';

const { features } = probeFeatures();

test.skipIf(!features.tcx)('a device that cannot be settled is told, ends nothing, and is settled later', async () => {
  using scratch = makeScratch();
  const pins = makePins(scratch.bpffs);
  makeFolders(pins);
  using object = await loadDataplane(pins, { features });
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { readonly msg: string }).msg) });
  const told = (msg: string) => eventually(msg, () => lines.includes(msg) || undefined);
  const stop = new AbortController();
  using kept = makeVeth();
  const hooks = new NodeHooks({
    ...{ object, pins, features, log, signal: stop.signal },
    ...{ cgroup: undefined, uplinks: ['none*'], podDevices: [kept.name.replace(/\d+$/, '*')] },
    onAddresses: () => undefined,
  });
  await hooks.settle(new Set(), false);

  const gone = makeVeth();
  const pin = linkPin(pins, 'pod_in', gone.ifindex);
  const row = () => object.map('devices').lookup(new Uint8Array(Uint32Array.of(gone.ifindex).buffer));
  await eventually('the last hook', () => existsSync(linkPin(pins, 'pod_out', gone.ifindex)) || undefined);
  unlinkSync(pin);
  mkdirSync(pin); // opened as a link, it is refused
  gone[Symbol.dispose]();
  await told('devices not settled, trying again');
  expect(row()).toBeDefined();

  rmdirSync(pin);
  await hooks.settle(new Set(), true);
  await eventually('the row to go', () => row() === undefined || undefined);
  stop.abort();
  await hooks.ended();
});
