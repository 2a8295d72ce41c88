import { describe, expect, it } from 'vitest';
import { parseField, parseFlag } from './setting-value.ts';
import type { Setting } from './settings.ts';

const setting = (type: Setting['type'], choices?: readonly string[]): Setting => {
  const common: Setting = { name: 'x', type, help: '', role: 'own', commands: [] };
  return choices === undefined ? common : { ...common, choices };
};
const ok = (value: unknown) => ({ ok: true, value });
const refused = (reason: string) => ({ ok: false, reason });

describe('parseFlag', () => {
  it.each([
    [setting('boolean'), 'true', ok(true)],
    [setting('boolean'), 'F', ok(false)],
    [setting('boolean'), 'maybe', refused('"maybe" is neither true nor false')],
    [setting('number'), '-999', ok(-999)],
    [setting('number'), '1e3', refused('"1e3" is not a number')],
    [setting('duration'), '1h30m', ok('1h30m')],
    [setting('duration'), '0', ok('0')],
    [setting('duration'), '30', refused('"30" is not a duration: write it like 30s or 1h30m')],
    [setting('list'), 'a, b,,c', ok(['a', 'b', 'c'])],
    [setting('list'), '', ok([])],
    [setting('text', ['on', 'off']), 'on', ok('on')],
    [setting('text', ['on', 'off']), 'ON', refused('"ON" is none of on, off')],
  ])('%j reads %j', (type, text, expected) => {
    expect(parseFlag(type, text)).toEqual(expected);
  });
});

describe('parseField', () => {
  it.each([
    [setting('boolean'), false, ok(false)],
    [setting('boolean'), 'false', refused('"false" is neither true nor false')],
    [setting('number'), 5, ok(5)],
    [setting('number'), '5', refused('"5" is not a number')],
    [setting('list'), 'a,b', ok(['a', 'b'])],
    [setting('list'), ['a', 'b'], ok(['a', 'b'])],
    [setting('list'), ['a', 5], refused('the list holds something that is not text')],
    [setting('list'), { A: true, B: false }, ok(['A=true', 'B=false'])],
    [setting('list'), 5, refused('5 is not a list')],
    [setting('text'), 'a', ok('a')],
    [setting('text'), 5, refused('5 is not text')],
  ])('%j reads %j', (type, raw, expected) => {
    expect(parseField(type, raw)).toEqual(expected);
  });
});
