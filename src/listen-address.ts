import { isIP } from 'node:net';
import { accept, type Parse, refuse } from './model/parse.ts';
import { quote } from './model/quote.ts';

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  /** From 1 to 65535. */
  readonly port: number;
}

/** As kube-proxy's --…-bind-address: "IP", "IP:PORT" or "[IP]:PORT"; undefined: empty, or port 0, which turn it off. */
export function parseListenAddress(text: string, defaultPort: number): Parse<ListenAddress | undefined> {
  if (text === '') return accept(undefined);
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0) return toAddress(bare, defaultPort);
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  if (digits === undefined || isIP(host) !== (bracketed === undefined ? 4 : 6)) {
    return refuse(`${quote(text)} is no address: write it like 0.0.0.0:${defaultPort} or [::1]:${defaultPort}`);
  }
  return toAddress(host, Number(digits));
}

function toAddress(host: string, port: number): Parse<ListenAddress | undefined> {
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65535;
  if (!isPort) return refuse(`${port} is not a port: use a number from 1 to 65535`);
  return accept(port === 0 ? undefined : { host, port });
}
