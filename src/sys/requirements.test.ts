import { expect, test } from 'vitest';
import { capabilities } from './requirements.ts';

test.each([
  ['root', 0x1ff_ffff_ffffn, undefined],
  ['CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN', (1n << 39n) | (1n << 38n) | (1n << 12n), undefined],
  ['CAP_SYS_ADMIN alone', 1n << 21n, /^Missing CAP_NET_ADMIN: /],
  ['nobody', 0n, /^Missing CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON \(or CAP_SYS_ADMIN\): /],
])('knows what capabilities are missing: %s', (_, effective, sentence) => {
  if (sentence === undefined) expect(capabilities(effective)).toBeUndefined();
  else expect(capabilities(effective)).toMatch(sentence);
});
