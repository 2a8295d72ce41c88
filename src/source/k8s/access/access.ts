import type { Agent } from 'node:http';
import type { checkServerIdentity } from 'node:tls';
import { ConfigError } from '../../../errors.ts';
import { quote } from '../../../model/quote.ts';

/** How to reach an API server and what lets us in. Files are read anew each time, since they rotate. */
export interface Access {
  readonly server: URL;
  /** For a new connection. Rejects with ConfigError where a file or a plug-in fails. */
  trust(): Promise<Trust>;
  /** The Authorization header of a new request; undefined: none, a client certificate may do. Rejects with ConfigError. */
  authorization(): Promise<string | undefined>;
}

/** Whom to trust and by what certificate to be known, as node:tls takes them. */
export interface Trust {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
  readonly checkServerIdentity?: typeof checkServerIdentity;
  /** Leads through a proxy. */
  readonly agent?: Agent;
}

/** Throws ConfigError; `origin` says who gave the text. */
export function parseServer(text: string, origin: string): URL {
  const cure = 'write it like https://192.0.2.1:6443';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new ConfigError(`Cannot use ${origin} ${quote(text)}: it is no URL of http or https: ${cure}`);
  }
  return url;
}
