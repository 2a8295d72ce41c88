import { expect, test } from 'vitest';
import { createClaims } from './claims.ts';

test('the older wins, then the first by name, then whoever is left', () => {
  const claims = createClaims();
  expect(claims.replace({ service: 'ns/b', created: undefined }, ['x', 'own'])).toEqual([]);
  expect(claims.replace({ service: 'ns/c', created: 2 }, ['x'])).toEqual(['x']);
  expect([claims.winner('x'), claims.winner('own'), claims.winner('nobody')]).toEqual(['ns/c', 'ns/b', undefined]);
  expect(claims.replace({ service: 'ns/a', created: undefined }, ['x'])).toEqual(['x']);
  expect(claims.replace({ service: 'ns/c', created: 2 }, [])).toEqual(['x']);
  expect([claims.winner('x'), [...claims.claimants('x')]]).toEqual(['ns/a', ['ns/b', 'ns/a']]);
  expect(claims.replace({ service: 'ns/a', created: undefined }, ['y'])).toEqual(['x']);
  expect([claims.winner('x'), claims.winner('y'), [...claims.claimants('x')]]).toEqual(['ns/b', 'ns/a', ['ns/b']]);
});

test('a new age is a change of what is shared, the same claims again are none', () => {
  const claims = createClaims();
  claims.replace({ service: 'ns/a', created: 1 }, ['x', 'own']);
  claims.replace({ service: 'ns/b', created: 2 }, ['x']);
  expect([claims.replace({ service: 'ns/a', created: 1 }, ['x', 'own']), claims.winner('x')]).toEqual([[], 'ns/a']);
  expect([claims.replace({ service: 'ns/a', created: 3 }, ['x', 'own']), claims.winner('x')]).toEqual([['x'], 'ns/b']);
});
