import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cidrContains, cidrFamily, formatCidr, hostCidr, parseCidr } from './cidr.ts';
import { bytesToIp, type Ip } from './ip.ts';

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  [' 203.0.113.0/25\t', '203.0.113.0/25'],
  ['010.0.0.0/08', '10.0.0.0/8'],
  ['10.1.2.3/32', '10.1.2.3/32'],
  ['10.1.2.3/31', '10.1.2.2/31'],
  ['1.2.3.4/0', '0.0.0.0/0'],
  ['fd00:10::1/64', 'fd00:10::/64'],
  ['fd00::ffff/113', 'fd00::8000/113'],
  ['fd00::1/0', '::/0'],
])('parseCidr reads %j as %s', (text, canonical) => {
  const parsed = parseCidr(text);
  expect(parsed.ok && formatCidr(parsed.value)).toBe(canonical);
});

test.each([
  '',
  '/',
  '/8',
  '10.0.0.0',
  '10.0.0.0/',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  'fd00::/129',
  '10.0.0.0/ 8',
  8,
  null,
])('parseCidr refuses %j', (raw) => {
  expect(parseCidr(raw).ok).toBe(false);
});

test('contains addresses of its family only', () => {
  const [ten, all6] = [hostCidr('10.0.0.0' as Ip), { ip: '::' as Ip, prefixLength: 0 }];
  expect([cidrFamily(ten), cidrFamily(all6)]).toEqual(['IPv4', 'IPv6']);
  expect(cidrContains({ ...ten, prefixLength: 8 }, '10.255.0.1' as Ip)).toBe(true);
  expect(cidrContains({ ...ten, prefixLength: 8 }, '11.0.0.0' as Ip)).toBe(false);
  expect(cidrContains(ten, '10.0.0.0' as Ip)).toBe(true);
  expect(cidrContains(all6, 'fd00::1' as Ip)).toBe(true);
  expect(cidrContains(all6, '10.0.0.1' as Ip)).toBe(false);
});

test('every address is in each of its prefixes and in no sibling', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.integer({ min: 1, max: 128 }),
      (bytes, prefixLength) => {
        bytes[0] = 0xfd; // IPv6, never mapped
        const sibling = bytes.slice();
        const bit = prefixLength - 1;
        sibling[bit >> 3] = (sibling[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
        const parsed = parseCidr(`${bytesToIp(bytes)}/${prefixLength}`);
        if (!parsed.ok) throw new Error(parsed.reason);
        expect(cidrContains(parsed.value, bytesToIp(bytes))).toBe(true);
        expect(cidrContains(parsed.value, bytesToIp(sibling))).toBe(false);
      },
    ),
    { seed: 20261124, numRuns: 500 },
  );
});
