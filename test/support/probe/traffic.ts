import type { Failed, Silent, TrafficOrder, TrafficReport } from './protocol.ts';
import { closeTcp, connectTcp, echoTcp, openTcp } from './tcp-client.ts';
import { exchangeUdp } from './udp-client.ts';

const HELD_CONNECTIONS = 10;

type Outcome = { readonly kind: 'answered'; readonly server: string } | Failed | Silent;
type Attempt = () => Promise<Outcome>;

/** Traffic at a steady rate until it is stopped; a slow attempt does not hold back the next one. */
export class Traffic {
  readonly #attempt: Attempt;
  readonly #end: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #pending = new Set<Promise<void>>();
  readonly #servers: Record<string, number> = {};
  readonly #failures: Record<string, number> = {};
  #answered = 0;
  #slowestMs = 0;

  constructor(attempt: Attempt, end: () => void, perSecond: number) {
    this.#attempt = attempt;
    this.#end = end;
    this.#timer = setInterval(() => this.#try(), 1000 / perSecond);
  }

  async stop(): Promise<TrafficReport> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    this.#end();
    return {
      answered: this.#answered,
      servers: this.#servers,
      failures: this.#failures,
      slowestMs: Math.round(this.#slowestMs),
    };
  }

  #try(): void {
    const start = performance.now();
    const attempt = this.#attempt().then((outcome) => {
      this.#pending.delete(attempt);
      this.#slowestMs = Math.max(this.#slowestMs, performance.now() - start);
      this.#count(outcome);
    });
    this.#pending.add(attempt);
  }

  #count(outcome: Outcome): void {
    if (outcome.kind === 'answered') {
      this.#answered++;
      this.#servers[outcome.server] = (this.#servers[outcome.server] ?? 0) + 1;
      return;
    }
    const reason = outcome.kind === 'failed' ? outcome.code : 'silent';
    this.#failures[reason] = (this.#failures[reason] ?? 0) + 1;
  }
}

export async function startTraffic({ kind, target, perSecond }: TrafficOrder): Promise<Traffic> {
  switch (kind) {
    case 'new-tcp':
      return new Traffic(
        () => connectTcp(target),
        () => undefined,
        perSecond,
      );
    case 'new-udp':
      return new Traffic(
        () => exchangeUdp({ ...target, connected: false }),
        () => undefined,
        perSecond,
      );
    case 'held-tcp': {
      const held = await Promise.all(Array.from({ length: HELD_CONNECTIONS }, () => openTcp(target)));
      const open = held.filter((each) => each.kind === 'open');
      if (open.length < held.length) throw new Error(`Cannot open ${held.length} connections: ${JSON.stringify(held)}`);
      let turn = 0;
      const ping = async (): Promise<Outcome> => {
        const each = open[turn++ % open.length];
        if (each === undefined) return { kind: 'silent' };
        const outcome = await echoTcp({ connection: each.connection, bytes: 100, timeoutMs: target.timeoutMs });
        return outcome.kind === 'echoed' ? { kind: 'answered', server: each.server } : outcome;
      };
      const close = () => {
        for (const { connection } of open) closeTcp(connection);
      };
      return new Traffic(ping, close, perSecond);
    }
  }
}
