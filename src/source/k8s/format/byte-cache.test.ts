import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createByteCache } from './byte-cache.ts';

test('what is found was kept under these very bytes', () => {
  const cache = createByteCache<string>();
  const text = fc.oneof(fc.string({ maxLength: 4 }), fc.string({ unit: 'binary', maxLength: 40 }));
  fc.assert(
    fc.property(fc.array(text), fc.nat(7), (texts, offset) => {
      const wrong = texts.filter((each) => {
        const encoded = Buffer.from(each);
        const bytes = Buffer.concat([Buffer.alloc(offset, 'x'), encoded, Buffer.from('x')]);
        const [from, to] = [offset, offset + encoded.length];
        const before = cache.find(bytes, from, to);
        cache.keep(bytes, from, to, each);
        const after = cache.find(bytes, from, to);
        return (before !== undefined && before !== each) || after !== (encoded.length > 64 ? undefined : each);
      });
      expect(wrong).toEqual([]);
    }),
  );
});

test('it forgets rather than grow', () => {
  const cache = createByteCache<number>();
  const keys = Array.from({ length: 20_000 }, (_, index) => Buffer.from(`key ${index}`));
  keys.forEach((key, index) => {
    cache.keep(key, 0, key.length, index);
  });
  const held = keys.filter((key) => cache.find(key, 0, key.length) !== undefined);
  expect(held.length).toBeGreaterThan(2000);
  expect(held.length).toBeLessThanOrEqual(4096);
});
