import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToIp, familyOf, formatAddress, type Ip, ipToBytes, isLoopback, isSpecial, parseIp } from './ip.ts';

const SEED = { seed: 20261124, numRuns: 500 };

describe('parseIp', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['010.001.000.008', '10.1.0.8'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['FD00:0:0:0:0:0:0:1', 'fd00::1'],
    ['fd00:0:0:1:0:0:0:1', 'fd00:0:0:1::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0db8::0001:0000:0000', '2001:db8::1:0:0'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::ffff:0a00:0001', '10.0.0.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('reads %s as %s', (text, canonical) => {
    expect(parseIp(text)).toEqual({ ok: true, value: canonical });
  });

  test.each([
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1.1',
    '10.0.0.1/8',
    ' 10.0.0.1',
    '1e1.0.0.1',
    '0x0a.0.0.1',
    '-1.0.0.0',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'fe80::1%eth0',
    '::10.0.0.256',
    '[::1]',
    'x'.repeat(1_000_000),
    10,
    null,
    undefined,
    ['10.0.0.1'],
  ])('refuses %j', (raw) => {
    expect(parseIp(raw).ok).toBe(false);
  });

  test('says what it read and how to write it', () => {
    expect(parseIp('10.0.0.256')).toEqual({
      ok: false,
      reason: '"10.0.0.256" is not an IP address: write it like 10.0.0.1 or fd00::1',
    });
  });
});

describe('bytes', () => {
  test('IPv4 is mapped', () => {
    expect([...ipToBytes('10.0.255.1' as Ip)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 255, 1]);
  });

  test('are written at an offset and leave the rest alone', () => {
    const into = new Uint8Array(18).fill(7);
    ipToBytes('10.0.0.1' as Ip, into, 1);
    expect([...into]).toEqual([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1, 7]);
    expect(bytesToIp(into, 1)).toBe('10.0.0.1');
  });

  test('any 16 bytes survive printing and parsing', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const ip = bytesToIp(bytes);
        expect(parseIp(ip)).toEqual({ ok: true, value: ip });
        expect([...ipToBytes(ip)]).toEqual([...bytes]);
      }),
      SEED,
    );
  });

  test('fast-check spellings of an address print alike', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const parsed = parseIp(text);
        if (!parsed.ok) throw new Error(parsed.reason);
        expect(parseIp(text.toUpperCase())).toEqual(parsed);
        expect(bytesToIp(ipToBytes(parsed.value))).toBe(parsed.value);
      }),
      SEED,
    );
  });
});

test('special addresses neither serve nor are dialled', () => {
  const special = [
    '0.0.0.0',
    '127.0.0.1',
    '127.255.0.1',
    '224.0.0.1',
    '239.1.1.1',
    '255.255.255.255',
    '::',
    '::1',
    'ff02::1',
  ];
  const plain = ['10.0.0.1', '169.254.20.10', '240.0.0.1', 'fe80::1', 'fd00::1', 'f:f::1', '223.255.255.255'];
  expect(special.filter((ip) => !isSpecial(ip as Ip))).toEqual([]);
  expect(plain.filter((ip) => isSpecial(ip as Ip))).toEqual([]);
});

test('family, loopback and address text', () => {
  const [v4, v6] = ['127.0.0.1' as Ip, 'fd00::1' as Ip];
  expect([familyOf(v4), familyOf(v6), isLoopback(v4), isLoopback(v6)]).toEqual(['IPv4', 'IPv6', true, false]);
  expect([formatAddress(v4, 80), formatAddress(v6, 80)]).toEqual(['127.0.0.1:80', '[fd00::1]:80']);
});

/** Mapped, zero-rich and any other: zeros are where RFC 5952 has its rules. */
const anyBytes = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.array(fc.constantFrom(0, 1, 255), { minLength: 16, maxLength: 16 }).map((list) => Uint8Array.from(list)),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((v4) => Uint8Array.from([...new Uint8Array(10), 255, 255, ...v4])),
);
