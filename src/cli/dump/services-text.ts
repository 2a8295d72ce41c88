import { formatTable } from '../table.ts';
import type { ActionView, BackendView, FrontendView, ServiceView } from './services-view.ts';

/** A paragraph for each service: its frontends with what each client gets, then its backends. */
export function formatServices(services: readonly ServiceView[]): string {
  return services.length === 0 ? 'No services\n' : services.map(formatService).join('\n');
}

function formatService(view: ServiceView): string {
  const facts = [
    `id ${view.id}`,
    `${view.connections} connections`,
    `${view.rejects} rejected`,
    `${view.drops} dropped`,
    ...(view.affinitySeconds === 0 ? [] : [`affinity ${view.affinitySeconds} s`]),
    ...(view.sourceRanges.length === 0 ? [] : [`only from ${view.sourceRanges.join(' ')}`]),
  ];
  const name = view.service === '' ? '(no name)' : view.service;
  return [
    `${name}  (${facts.join(', ')})\n`,
    indent(
      formatTable(['FRONTEND', 'KIND', 'FROM POD', 'FROM NODE', 'FROM ELSEWHERE'], view.frontends.map(frontendCells)),
    ),
    ...(view.backends.length === 0
      ? []
      : [indent(formatTable(['BACKEND', 'SETS', 'WHERE', 'CONNECTIONS'], view.backends.map(backendCells)))]),
  ].join('');
}

function frontendCells({ kind, address, port, clients }: FrontendView): string[] {
  const host = address ?? 'node';
  const dialled = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return [dialled, kind, actionText(clients.pod), actionText(clients.node), actionText(clients.other)];
}

function actionText(action: ActionView): string {
  if (action.action !== 'forward') return action.action;
  return `${action.endpoints.length} ${action.set}${action.masquerade ? ', masqueraded' : ''}`;
}

function backendCells({ address, sets, state, local, connections }: BackendView): string[] {
  return [
    address,
    state === 'draining' ? 'draining' : sets.join(', '),
    local ? 'this node' : 'elsewhere',
    String(connections),
  ];
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
