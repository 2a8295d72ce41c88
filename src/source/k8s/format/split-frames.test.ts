import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frame } from '../../../../test/support/kube-protobuf.ts';
import { type FrameSplitter, splitByLength, splitByLine } from './split-frames.ts';

const LONGEST = 100_000;

/** What comes out of a stream that is cut into chunks of these lengths, in turn. */
function framesOf(splitter: FrameSplitter, stream: Uint8Array, lengths: readonly number[]): readonly string[] {
  const frames: string[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn += 1) {
    const end = at + (lengths[turn % lengths.length] ?? 1);
    const split = splitter.push(Uint8Array.from(stream.subarray(at, end)));
    if (!split.ok) throw new Error(split.reason);
    for (const each of split.value) frames.push(Buffer.from(each).toString());
    at = end;
  }
  expect(splitter.isPartial).toBe(false);
  return frames;
}

// Of a few bytes, of a few hundred, and of more than the room that is kept.
const size = fc.oneof(fc.nat(9), fc.nat(500), fc.integer({ min: 60_000, max: 80_000 }));
const texts = fc
  .array(size, { maxLength: 12 })
  .map((sizes) => sizes.map((length, index) => `${index}`.padEnd(length, '.')));
const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 20_000 })), {
  minLength: 1,
  maxLength: 5,
});

test('frames come out as they went in, however they are cut', () => {
  fc.assert(
    fc.property(texts, lengths, (wanted, cuts) => {
      const framed = Buffer.concat(wanted.map((text) => frame(Buffer.from(text))));
      expect(framesOf(splitByLength(LONGEST), framed, cuts)).toEqual(wanted);
      const lines = Buffer.from(wanted.map((text) => `${text}\n`).join(''));
      expect(framesOf(splitByLine(LONGEST), lines, cuts)).toEqual(wanted.filter((text) => text !== ''));
    }),
  );
});
