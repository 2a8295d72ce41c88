import { expect, it } from 'vitest';
import { buildFrontend, buildNode, buildServicePort, byKey, keyOf } from '../../../test/support/service-ports.ts';
import type { DataplaneState, ServicePort, StateDelta } from '../../plan/state.ts';
import { createFakeBackend } from './driver.ts';
import { FAKE_CAPACITIES } from './kernel.ts';

const small = { ...FAKE_CAPACITIES, services: 16, slots: 64, backends: 64, frontends: 1 };

function stateOf(...ports: readonly ServicePort[]): DataplaneState {
  return { node: buildNode(), servicePorts: byKey(...ports), ignored: [] };
}

const nothing: StateDelta = { updated: new Map(), removed: new Set(), node: undefined };

it('programs what it is given, repairs what was removed, and names what does not fit', async () => {
  await using backend = createFakeBackend({ capacities: small, now: () => 0 });
  const web = buildServicePort();
  const report = await backend.sync(stateOf(web), { ...nothing, updated: byKey(web) });
  expect(report).toEqual({ writes: 10, frontends: 1, backends: 1, refused: [], tookMs: 0 });
  expect(await backend.sync(stateOf(web), nothing)).toEqual({ ...report, writes: 0 });

  backend.kernel.vips.deleteBatch(new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1]), 1);
  expect(await backend.sync(stateOf(web), nothing)).toEqual({ ...report, writes: 1 });

  const other = buildServicePort({ name: 'other', frontends: [buildFrontend({ address: '10.0.0.2' })] });
  const both = await backend.sync(stateOf(web, other), { ...nothing, updated: byKey(other) });
  expect(both).toEqual({
    ...report,
    writes: 0,
    refused: [
      {
        service: 'ns/other',
        reason:
          'Map "frontends" is full: 1 more rows are needed, it holds 1 at most and has room for 0: remove Services, ports, or addresses of them',
      },
    ],
  });
  expect([...backend.observe().idByKey.keys()]).toEqual([keyOf({ name: 'web' })]);
});
