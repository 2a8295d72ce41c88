import type { PlanJson, PlanJsonAction, PlanJsonFrontend } from '../plan/plan-json.ts';
import type { Trace } from '../plan/trace.ts';
import { formatTable } from './table.ts';

/** One row per frontend and set of clients that are treated alike. */
export function formatPlan(plan: PlanJson): string {
  const rows = plan.frontends.flatMap((frontend) =>
    clientsAlike(frontend).map(([clients, action]) => [
      frontend.service,
      frontend.kind,
      formatFrontend(frontend),
      clients,
      formatAction(action),
    ]),
  );
  const frontends = formatTable(['SERVICE', 'KIND', 'FRONTEND', 'CLIENT', 'ACTION'], rows);
  if (plan.ignored.length === 0) return frontends;
  const ignored = plan.ignored.map(({ object, reason }) => [object, reason]);
  return `${frontends}\n${formatTable(['IGNORED', 'REASON'], ignored)}`;
}

export type PacketTrace = Trace & { readonly packet: string };

export function formatTraces(traces: readonly PacketTrace[]): string {
  const rows = traces.map(({ packet, verdict, endpoints, masquerade, why }) => [
    packet,
    verdict,
    shorten(endpoints),
    masquerade ? 'yes' : 'no',
    why,
  ]);
  return formatTable(['PACKET', 'VERDICT', 'ENDPOINTS', 'MASQUERADE', 'WHY'], rows);
}

function clientsAlike({ clients }: PlanJsonFrontend): readonly (readonly [string, PlanJsonAction])[] {
  const alike = new Map<string, { readonly names: string[]; readonly action: PlanJsonAction }>();
  for (const name of ['pod', 'node', 'other'] as const) {
    const action = clients[name];
    const key = JSON.stringify(action);
    const group = alike.get(key);
    if (group === undefined) alike.set(key, { names: [name], action });
    else group.names.push(name);
  }
  return [...alike.values()].map(({ names, action }) => [names.length === 3 ? 'all' : names.join(','), action]);
}

function formatFrontend({ address, port, protocol, family }: PlanJsonFrontend): string {
  if (address === null) return `${family === 'IPv4' ? '*' : '[*]'}:${port}/${protocol}`;
  return `${family === 'IPv4' ? address : `[${address}]`}:${port}/${protocol}`;
}

function formatAction(action: PlanJsonAction): string {
  if (action.action !== 'forward') return action.action;
  return `${shorten(action.endpoints)}${action.masquerade ? ', masquerade' : ''}`;
}

const SHOWN = 4;

function shorten(endpoints: readonly string[]): string {
  const hidden = endpoints.length - SHOWN;
  const shown = endpoints.slice(0, SHOWN).join(' ');
  return hidden > 0 ? `${shown} and ${hidden} more` : shown;
}
