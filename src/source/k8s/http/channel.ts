import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** An open way to the API server: one HTTP/2 connection, or HTTP/1.1 with a connection per watch. */
export interface Channel {
  /** false: ask for a new one. */
  readonly isOpen: boolean;
  /** Resolves when the answer begins; rejects with the system's error. */
  get(path: string, headers: Readonly<Record<string, string>>): Request;
  close(): void;
}

export interface Request {
  readonly answered: Promise<Answer>;
  cancel(): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}
