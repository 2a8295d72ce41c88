import { expect, test } from 'vitest';
import { parseNodePortAddresses } from './config.ts';

test('keywords and CIDRs mix', () => {
  expect(parseNodePortAddresses(['primary', '192.168.0.9/24', 'localhost', 'all'])).toEqual({
    ok: true,
    value: ['primary', { ip: '192.168.0.0', prefixLength: 24 }, 'localhost', 'all'],
  });
});

test('an address without a length is refused', () => {
  expect(parseNodePortAddresses(['192.168.0.2'])).toEqual({
    ok: false,
    reason: '"192.168.0.2" is not a CIDR: write it like 10.0.0.0/8 or fd00::/64, or one of primary, localhost and all',
  });
});
