import { expect, it } from 'vitest';
import { hasIptablesRules, hasNftRules, hasOwnTable } from './kube-proxy-rules.ts';

it("knows kube-proxy's own tables by their names", () => {
  expect(hasOwnTable('table ip filter\ntable ip kube-proxy\n')).toBe(true);
  expect(hasOwnTable('table ip6 kube-proxy\n')).toBe(true);
  expect(hasOwnTable('table ip kube-proxy-firewall\ntable inet my-kube-proxy\n')).toBe(false);
});

it('tells a chain with rules from one that is left empty', () => {
  const chain = (rule: string) => `table ip nat {\n\tchain KUBE-SERVICES {\n${rule}\t}\n}\n`;
  expect(hasNftRules(chain('\t\tip daddr 10.96.0.1 counter packets 0 bytes 0 jump KUBE-SVC-A\n'))).toBe(true);
  expect(hasNftRules(chain(''))).toBe(false);
  expect(hasIptablesRules('-N KUBE-SERVICES\n-A KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-A\n')).toBe(true);
  expect(hasIptablesRules('-N KUBE-SERVICES\n')).toBe(false);
});
