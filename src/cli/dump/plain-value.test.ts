import { expect, test } from 'vitest';
import { packColumn } from '../../abi/column.ts';
import { ColumnFlag, Flow, maps, Scope, ServiceFlag, Verdict } from '../../abi/generated.ts';
import type { Ip } from '../../model/ip.ts';
import { flagNames, plainBigint, sumValues, toPlain } from './plain-value.ts';

const ADDR = '10.0.0.1' as Ip;

test('names choices and protocols, keeps numbers in host order and addresses as text', () => {
  const { keyType, valueType } = maps.frontends;
  expect([
    toPlain(keyType, { addr: ADDR, port: 80, proto: 6 }),
    toPlain(valueType, { serviceId: 7, scope: Scope.LOAD_BALANCER }),
    toPlain(maps.reasons.keyType, 4),
  ]).toEqual([{ addr: '10.0.0.1', port: 80, proto: 'TCP' }, { serviceId: 7, scope: 'LOAD_BALANCER' }, 'NO_FLOW']);
});

test('takes columns apart and names flags', () => {
  const forward = packColumn({
    verdict: Verdict.FORWARD,
    offset: 12,
    size: 3,
    flags: ColumnFlag.LOCAL | ColumnFlag.MASQUERADE,
  });
  const value = { columns: [forward, 0n], affinitySec: 0, flags: ServiceFlag.RANGES };
  expect(toPlain(maps.services.valueType, value)).toEqual({
    columns: [
      { verdict: 'FORWARD', offset: 12, size: 3, masquerade: true, local: true, socket: false },
      { verdict: 'NONE', offset: 0, size: 0, masquerade: false, local: false, socket: false },
    ],
    affinitySec: 0,
    flags: ['RANGES'],
  });
});

test('prints a MAC address as such', () => {
  const tuple = { saddr: ADDR, daddr: ADDR, sport: 1, dport: 2 };
  const flow = {
    dialled: tuple,
    forwarded: tuple,
    serviceId: 1,
    backendId: 2,
    created: 3,
    lookedAt: 4,
    epoch: 5,
    place: 6,
    hairpinPort: 7,
    proto: 6,
    flags: 3,
    tcp: Uint8Array.of(9, 1),
    mac: Uint8Array.of(2, 0, 0, 0, 10, 255),
    expires: 8,
  };
  expect(toPlain({ kind: 'struct', fields: Flow.fields }, flow)).toEqual({
    ...flow,
    proto: 'TCP',
    flags: ['HAIRPIN', 'DIRECT'],
    tcp: '0901',
    mac: '02:00:00:00:0a:ff',
  });
});

test('a bit without a name is shown as a number', () => {
  expect(flagNames(ServiceFlag, ServiceFlag.MEMBERS | 64)).toEqual(['MEMBERS', 64]);
});

test('sums what each CPU counted', () => {
  const counted = { connections: 2n, rejects: 0n, drops: 5n };
  expect([sumValues([counted, counted, counted]), sumValues([4n, 5n])]).toEqual([
    { connections: 6n, rejects: 0n, drops: 15n },
    9n,
  ]);
});

test('a number that JSON cannot hold is text', () => {
  expect([plainBigint(2n ** 53n - 1n), plainBigint(2n ** 53n)]).toEqual([9007199254740991, '9007199254740992']);
});
