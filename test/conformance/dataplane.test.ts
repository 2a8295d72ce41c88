import { expect, test } from 'vitest';
import { parsePacket } from '../../src/plan/packet.ts';
import { trace } from '../../src/plan/trace.ts';
import { readDataplaneRows } from './dataplane-rows.ts';
import { planObjects } from './plan-objects.ts';

const rows = readDataplaneRows();

test('has every packet of the table', () => {
  expect({ rows: rows.length, names: new Set(rows.map(({ name }) => name)).size }).toEqual({ rows: 121, names: 121 });
});

test.each(rows)('trace: $name', ({ objects, config, packet, expected }) => {
  const state = planObjects(objects, config).state();
  const { source, destination, port, protocol } = packet;
  const to = destination.includes(':') ? `[${destination}]` : destination;
  const parsed = parsePacket(`${source} ${to}:${port}/${protocol.toLowerCase()}`);
  if (!parsed.ok) throw new Error(parsed.reason);
  const { verdict, endpoints, masquerade } = trace(state, parsed.value, state.node);
  expect({ verdict, endpoints, masquerade, ignored: state.ignored }).toEqual({ ...expected, ignored: [] });
});
