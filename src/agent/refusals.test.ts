import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createRefusalLog } from './refusals.ts';

function start() {
  const lines: string[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) });
  let time = 0;
  const refusals = createRefusalLog(log, () => time);
  return {
    refusals,
    pass: (ms: number) => {
      time += ms;
    },
    told: () => lines.splice(0).map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
  };
}

const ignored = (object: string, reason: string) => ({ object, reason });

test('tells each reason once, and that it is over', () => {
  const { refusals, told } = start();
  refusals.ignored([ignored('Service a/b', 'no port')]);
  refusals.ignored([ignored('Service a/b', 'no port')]);
  refusals.ignored([]);
  expect(told()).toEqual([
    { level: 40, object: 'Service a/b', reason: 'no port', msg: 'object ignored' },
    { level: 30, object: 'Service a/b', msg: 'object no longer ignored' },
  ]);
});

test('an object that changes all the time takes few lines, and others theirs', () => {
  const { refusals, pass, told } = start();
  for (let change = 0; change < 1000; change++) refusals.ignored([ignored('Service a/b', `reason ${change}`)]);
  expect(told()).toHaveLength(6);
  refusals.ignored([ignored('Service a/c', 'no port')]);
  expect(told()).toEqual([
    { level: 40, object: 'Service a/c', reason: 'no port', msg: 'object ignored' },
    { level: 30, object: 'Service a/b', msg: 'object no longer ignored' },
  ]);
  pass(3_600_000);
  refusals.ignored([ignored('Service a/b', 'another')]);
  expect(told()).toHaveLength(2);
});

test('an object with many reasons tells them all at once', () => {
  const { refusals, told } = start();
  refusals.ignored(Array.from({ length: 10 }, (_, at) => ignored('Service a/b', `port ${at}`)));
  expect(told()).toHaveLength(10);
});

test('each reason counts as a line where they change all the time', () => {
  const { refusals, told } = start();
  const reasonsOf = (change: number) =>
    [1, 2, 3, 4].map((at) => ignored('Service a/b', `port ${at} of change ${change}`));
  for (let change = 0; change < 1000; change++) refusals.ignored(reasonsOf(change));
  expect(told()).toHaveLength(8);
});

test('whoever read that an object is ignored reads that it is over, however much it told', () => {
  const { refusals, told } = start();
  refusals.ignored(Array.from({ length: 10 }, (_, at) => ignored('Service a/b', `port ${at}`)));
  told();
  refusals.ignored([]);
  expect(told()).toEqual([{ level: 30, object: 'Service a/b', msg: 'object no longer ignored' }]);
  refusals.ignored([ignored('Service a/b', 'no port')]);
  refusals.ignored([]);
  expect(told()).toEqual([]);
});
