import { expect, test } from 'vitest';
import { type Outcome, type Tally, tallyOutcome } from './tally.ts';

const FILE = 'test/kernel/a.test.ts';

function outcome(statuses: Readonly<Record<string, string>>, change: Partial<Outcome> = {}): Outcome {
  const assertionResults = Object.entries(statuses).map(([fullName, status]) => ({ fullName, status }));
  const status = Object.values(statuses).includes('failed') ? 'failed' : 'passed';
  const report = { testResults: [{ name: FILE, status, assertionResults }] };
  return { exitCode: status === 'failed' ? 1 : 0, timedOut: false, report, files: [FILE], ...change };
}

function tally(change: Partial<Tally>): Tally {
  return { passed: 0, failed: 0, skipped: 0, problems: [], ...change };
}

test('counts what passed and failed', () => {
  expect(tallyOutcome(outcome({ one: 'passed', two: 'failed', three: 'passed' }), [])).toEqual(
    tally({ passed: 2, failed: 1 }),
  );
});

test('a skip counts as one only where it is listed', () => {
  const allowed = [{ id: `${FILE} > listed`, reason: 'no SCTP in this kernel', condition: 'CONFIG_IP_SCTP is off' }];
  expect(tallyOutcome(outcome({ listed: 'skipped', other: 'skipped' }), allowed)).toEqual(
    tally({ failed: 1, skipped: 1, problems: [`"${FILE} > other" was skipped and is not in test/skips.json`] }),
  );
});

test('a worker that is lost without a report is a failure', () => {
  expect(tallyOutcome({ exitCode: undefined, timedOut: false, report: undefined, files: [FILE] }, [])).toEqual(
    tally({ failed: 1, problems: [`"${FILE}" has no result`] }),
  );
});

test('a deadline is a failure beside the missing result', () => {
  expect(tallyOutcome({ exitCode: undefined, timedOut: true, report: undefined, files: [FILE] }, [])).toEqual(
    tally({ failed: 2, problems: ['It did not end before its deadline', `"${FILE}" has no result`] }),
  );
});

test('an unhandled error is a failure though all tests passed', () => {
  expect(tallyOutcome(outcome({ one: 'passed' }, { exitCode: 1 }), [])).toEqual(
    tally({ passed: 1, failed: 1, problems: ['It ended with status 1'] }),
  );
});

test('a test that was collected but never ran is a failure', () => {
  expect(tallyOutcome(outcome({ one: 'pending' }), [])).toEqual(
    tally({ failed: 1, problems: [`"${FILE} > one" has no result`] }),
  );
});

test('a file without tests is a failure', () => {
  expect(tallyOutcome(outcome({}), [])).toEqual(
    tally({ failed: 1, problems: [`"${FILE}" failed outside of its tests`] }),
  );
});
