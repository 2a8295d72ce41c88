import { expect, test } from 'vitest';
import { rawService } from '../../../test/conformance/objects.ts';
import { createTold } from './told.ts';

const service = (name: string) => rawService({ metadata: { name } });
const deletion = (name: string) => ({ op: 'delete', kind: 'Service', namespace: 'ns1', name });

test('a listing deletes what it did not name, and nothing before it ends', () => {
  const told = createTold('Service');
  told.beginListing();
  expect(['a', 'b', 'c'].flatMap((name) => told.set(service(name))).map(({ op }) => op)).toEqual(['set', 'set', 'set']);
  expect(told.endListing()).toEqual([]);
  told.beginListing();
  told.set(service('b'));
  told.set(service('d'));
  expect(told.endListing()).toEqual([deletion('a'), deletion('c')]);
  expect(told.size).toBe(2);
});

test('a listing that broke off deletes nothing, the next one what neither named', () => {
  const told = createTold('Service');
  told.beginListing();
  told.set(service('a'));
  told.endListing();
  told.beginListing();
  told.set(service('b'));
  told.beginListing();
  told.set(service('a'));
  expect(told.endListing()).toEqual([deletion('b')]);
});

test('a listing that is not believed takes back what it alone named', () => {
  const told = createTold('Service');
  told.beginListing();
  told.set(service('a'));
  told.endListing();
  told.beginListing();
  told.set(service('a'));
  told.set(service('b'));
  expect(told.dropListing()).toEqual([deletion('b')]);
});

test('deleting the unknown tells nothing', () => {
  const told = createTold('Service');
  expect(told.delete(service('a'))).toEqual([]);
  told.set(service('a'));
  expect(told.delete(service('a'))).toEqual([deletion('a')]);
});
