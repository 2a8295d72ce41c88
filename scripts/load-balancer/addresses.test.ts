import { expect, test } from 'vitest';
import { Addresses } from './addresses.ts';

test('every Service keeps its addresses, in the order of its families', () => {
  const addresses = new Addresses();
  expect([
    addresses.of('a', ['IPv4']),
    addresses.of('b', ['IPv6', 'IPv4']),
    addresses.of('a', ['IPv4', 'IPv6']),
  ]).toEqual([['198.51.100.10'], ['2001:db8:5100::11', '198.51.100.11'], ['198.51.100.10', '2001:db8:5100::10']]);
});

test('what was released is given again', () => {
  const addresses = new Addresses();
  addresses.of('a', ['IPv4']);
  addresses.of('b', ['IPv4']);
  addresses.release('a');
  expect(addresses.of('c', ['IPv4'])).toEqual(['198.51.100.10']);
});

test('the pool ends', () => {
  const addresses = new Addresses();
  for (let number = 10; number < 250; number += 1) addresses.of(String(number), ['IPv4']);
  expect(() => addresses.of('one more', ['IPv4'])).toThrow('Cannot give an address: all 240 are in use');
});
