import { existsSync, readFileSync } from 'node:fs';
import { outputOf } from '../../sys/exec.ts';

/** Where kube-proxy's rules stand, in words; empty: nowhere, as far as the tools that are installed can tell. */
export async function findKubeProxyRules(signal: AbortSignal): Promise<readonly string[]> {
  const ask: Ask = (file, argv) => outputOf(file, argv, signal);
  const tables = await ask('nft', ['list', 'tables']);
  const found = await Promise.all([
    hasNftChain(ask, tables, 'ip').then((has) => (has ? 'iptables' : undefined)),
    hasNftChain(ask, tables, 'ip6').then((has) => (has ? 'ip6tables' : undefined)),
    hasLegacyChain(ask, '/proc/net/ip_tables_names', 'iptables').then((has) => (has ? 'iptables-legacy' : undefined)),
    hasLegacyChain(ask, '/proc/net/ip6_tables_names', 'ip6tables').then((has) =>
      has ? 'ip6tables-legacy' : undefined,
    ),
  ]);
  const own = tables !== undefined && hasOwnTable(tables) ? 'nftables' : undefined;
  return [own, ...found].filter((place) => place !== undefined);
}

/** Its nftables mode has a table of its own, which stands with its rules. `tables`: nft list tables. */
export function hasOwnTable(tables: string): boolean {
  return /^table ip6? kube-proxy$/m.test(tables);
}

/** Is there a rule? `chain`: nft list chain; an empty one has its name and braces only. */
export function hasNftRules(chain: string): boolean {
  return chain.split('\n').some((line) => /^\t\t\S/.test(line));
}

/** Is there a rule? `rules`: iptables -S; -N alone makes the chain. */
export function hasIptablesRules(rules: string): boolean {
  return rules.split('\n').some((line) => line.startsWith(`-A ${CHAIN} `));
}

/** In iptables and IPVS mode it begins here. */
const CHAIN = 'KUBE-SERVICES';

type Ask = (file: string, argv: readonly string[]) => Promise<string | undefined>;

async function hasNftChain(ask: Ask, tables: string | undefined, family: 'ip' | 'ip6'): Promise<boolean> {
  if (tables === undefined || !tables.split('\n').includes(`table ${family} nat`)) return false;
  return hasNftRules((await ask('nft', ['list', 'chain', family, 'nat', CHAIN])) ?? '');
}

/** Asked only where the table is: asking would make it. */
async function hasLegacyChain(ask: Ask, tables: string, tool: 'iptables' | 'ip6tables'): Promise<boolean> {
  if (!existsSync(tables) || !readFileSync(tables, 'utf8').split('\n').includes('nat')) return false;
  const argv = ['-w', '5', '-t', 'nat', '-S', CHAIN];
  return hasIptablesRules((await ask(`${tool}-legacy`, argv)) ?? (await ask(tool, argv)) ?? '');
}
