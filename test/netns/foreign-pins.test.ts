import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MapDescription } from '../../src/abi/codec.ts';
import { LAYOUT_HASH, maps as layout } from '../../src/abi/generated.ts';
import { observe } from '../../src/backend/bpf/observe.ts';
import { verify } from '../../src/backend/bpf/verify.ts';
import { BpfMap } from '../../src/sys/bpf-map.ts';
import { Agent, cleanup } from '../support/agent.ts';
import type { Lab } from '../support/lab.ts';
import { PinnedMaps } from '../support/pinned-maps.ts';
import { createServingLab, PORT, VIP } from '../support/world.ts';

// What an agent finds in its bpffs folder and did not make.

let lab: Lab;
beforeAll(async () => {
  lab = await createServingLab({ kind: 'routed' });
}, 60_000);
afterAll(() => lab?.dispose());

const HASH = { type: 1, keySize: 4, valueSize: 8, maxEntries: 16, flags: 0 } as const;
const KEY = Uint8Array.of(1, 2, 3, 4);
const VALUE = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1);

it.each([
  { what: 'maps of another layout', generation: 'v0123456789ab', map: 'frontends' },
  { what: 'a map of another shape', generation: `v${LAYOUT_HASH}`, map: 'frontends' },
])(
  '$what are refused with what to do, and left as they were',
  async ({ generation, map }) => {
    const bpffs = join(lab.bpffs, 'foreign');
    const path = join(bpffs, generation, 'maps', map);
    mkdirSync(join(bpffs, generation, 'maps'), { recursive: true });
    mkdirSync(join(bpffs, generation, 'links'));
    using foreign = BpfMap.create({ name: map, ...HASH });
    foreign.update(KEY, VALUE);
    foreign.pin(path);
    const before = readdirSync(bpffs, { recursive: true }).sort();

    const agent = await Agent.launch(lab, { bpffs });
    expect(await agent.ended()).toBe(1);
    const fatal = agent.lines.filter(({ level }) => level === 'fatal');
    expect(fatal.map(({ msg }) => msg)).toEqual(['agent failed']);
    expect(fatal[0]?.['reason']).toContain(join(bpffs, generation));
    expect(fatal[0]?.['reason']).toContain(`bpfsvc cleanup --bpffs ${bpffs}`);
    expect(agent.complaints).toEqual([]);

    expect(readdirSync(bpffs, { recursive: true }).sort()).toEqual(before);
    using still = BpfMap.openPinned(path);
    expect(still?.id).toBe(foreign.id);
    expect(still?.lookup(KEY)).toEqual(VALUE);

    await cleanup(lab, bpffs);
    const next = await Agent.start(lab, { bpffs });
    expect(await next.stop()).toBe(0);
    await cleanup(lab, bpffs);
  },
  60_000,
);

it('rows of garbage are cleared away, and what is planned is in force', async () => {
  const first = await Agent.start(lab);
  await first.kill();
  using maps = PinnedMaps.open(lab);
  scribble(maps);
  const agent = await Agent.start(lab);
  const image = observe(maps.kernel);
  expect(verify(image).broken).toEqual([]);
  for (const host of [VIP.web.ipv4, VIP.web.ipv6]) {
    for (const probe of [lab.pod('a').probe, lab.pod('a').rawProbe, lab.node.probe]) {
      const outcomes = await Promise.all(Array.from({ length: 40 }, () => probe.connect({ host, port: PORT })));
      const servers = outcomes.map((each) => (each.kind === 'answered' ? each.server : each.kind));
      expect(new Set(servers)).toEqual(new Set(['b', 'r']));
    }
  }
  expect(agent.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  expect(await agent.stop()).toBe(0);
}, 60_000);

const ROWS = 500;

/** The same garbage each time. */
function scribble(maps: PinnedMaps): void {
  let state = 1;
  const fill = (bytes: Uint8Array): Uint8Array => {
    for (let at = 0; at < bytes.length; at += 1) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      bytes[at] = state >>> 16;
    }
    return bytes;
  };
  for (const name of ['services', 'slots', 'backends'] as const) {
    fill(new Uint8Array(maps.kernel[name].mmap(), 0, ROWS * layout[name].value.size));
  }
  for (const name of ['vips', 'frontends', 'members', 'service_names'] as const) {
    const { key } = layout[name] as MapDescription<unknown, unknown>;
    for (let row = 0; row < ROWS; row += 1) {
      // No program ever asks for a key whose padding is not zero.
      const bytes = key.encode(key.decode(fill(new Uint8Array(key.size))));
      maps.map(name).update(bytes, fill(new Uint8Array(maps.map(name).rowSize)));
    }
  }
  const ranges = maps.map('source_ranges');
  for (let row = 0; row < ROWS; row += 1) {
    const key = fill(new Uint8Array(ranges.keySize));
    new DataView(key.buffer).setUint32(0, row % 161, true); // longer prefixes than the key has bits are refused
    ranges.update(key, fill(new Uint8Array(ranges.rowSize)));
  }
}
