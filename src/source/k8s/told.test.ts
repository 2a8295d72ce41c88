import { expect, test } from 'vitest';
import { rawService } from '../../../test/conformance/objects.ts';
import { createTold } from './told.ts';

const service = (name: string) => rawService({ metadata: { name } });
const addition = (name: string) => ({ op: 'set', object: expect.objectContaining({ name }) as object });
const deletion = (name: string) => ({ op: 'delete', kind: 'Service', namespace: 'ns1', name });

test('a listing deletes what it did not name, and nothing before it ends', () => {
  const told = createTold('Service');
  told.beginListing();
  expect(['a', 'b', 'c'].flatMap((name) => told.set(service(name))).map(({ op }) => op)).toEqual(['set', 'set', 'set']);
  expect(told.endListing()).toEqual([]);
  told.beginListing();
  expect(told.set(service('b'))).toHaveLength(1);
  expect(told.set(service('d'))).toEqual([]);
  expect(told.endListing()).toEqual([addition('d'), deletion('a'), deletion('c')]);
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
  told.set(service('c'));
  expect(told.endListing()).toEqual([addition('c'), deletion('a')]);
});

test('a first listing that is not believed takes back what it named', () => {
  const told = createTold('Service');
  told.beginListing();
  told.set(service('a'));
  expect(told.dropListing()).toEqual([deletion('a')]);
});

test('a later listing that is not believed told nothing new', () => {
  const told = createTold('Service');
  told.beginListing();
  told.set(service('a'));
  told.endListing();
  told.beginListing();
  expect([...told.set(service('a')), ...told.set(service('b'))]).toEqual([addition('a')]);
  expect(told.dropListing()).toEqual([]);
  expect(told.size).toBe(1);
});

test('a later listing that is not believed told nothing new, also where there was nothing before', () => {
  const told = createTold('Service');
  told.beginListing();
  told.endListing();
  for (let attempt = 0; attempt < 2; attempt++) {
    told.beginListing();
    expect(told.set(service('a'))).toEqual([]);
    told.dropListing();
  }
});

test('a cluster that grew beyond all that may wait is listed twice', () => {
  const told = createTold('Service');
  told.beginListing();
  told.set(service('a'));
  told.endListing();
  const many = Array.from({ length: 1001 }, (_, index) => service(`s-${index}`));
  told.beginListing();
  expect(many.flatMap((each) => told.set(each))).toEqual([]);
  expect(told.endListing()).toBeUndefined();
  expect(told.size).toBe(1);
  told.beginListing();
  expect(many.flatMap((each) => told.set(each))).toHaveLength(1001);
  expect(told.endListing()).toEqual([deletion('a')]);
});

test('deleting the unknown tells nothing', () => {
  const told = createTold('Service');
  expect(told.delete(service('a'))).toEqual([]);
  told.set(service('a'));
  expect(told.delete(service('a'))).toEqual([deletion('a')]);
});
