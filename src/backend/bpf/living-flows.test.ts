import { expect, test } from 'vitest';
import { Flow, FlowFlag } from '../../abi/generated.ts';
import { type Ip, ipToBytes } from '../../model/ip.ts';
import { addressKey, dialledAddress, flowFlags, livingFlows } from './living-flows.ts';

const VIP = '172.30.0.1' as Ip;
const NOW = 1000;

function flow(sport: number, expires: number, { proto = 6, flags = 0 } = {}): Uint8Array {
  const dialled = { saddr: '10.0.0.2' as Ip, daddr: VIP, sport, dport: 80 };
  return Flow.encode({
    dialled,
    forwarded: { ...dialled, daddr: '10.0.1.3' as Ip, dport: 8080 },
    serviceId: 1,
    backendId: 1,
    created: 0,
    lookedAt: 0,
    epoch: 0,
    place: 0,
    hairpinPort: 0,
    proto,
    flags,
    tcp: new Uint8Array(2),
    mac: new Uint8Array(6),
    expires,
    uplink: 0,
    out: 0,
  });
}

test('living flows are found where the codec has them', () => {
  const rows = [
    flow(1, NOW, { flags: FlowFlag.DIRECT }),
    flow(2, NOW - 1),
    flow(3, NOW, { proto: 0 }),
    flow(4, 5000, { flags: FlowFlag.BRIDGE }),
  ];
  const chunk = { values: new Uint8Array(Buffer.concat(rows)), count: rows.length };
  const found = [...livingFlows({ chunks: () => [chunk, chunk] }, NOW)];
  const vip = addressKey(ipToBytes(VIP));
  const told = found.map((flows) =>
    flows.map((living) => [
      Flow.decodeFrom(living.view, living.at).dialled.sport,
      flowFlags(living),
      dialledAddress(living),
    ]),
  );
  const both = [
    [1, FlowFlag.DIRECT, vip],
    [4, FlowFlag.BRIDGE, vip],
  ];
  expect(told).toEqual([both, both]);
});
