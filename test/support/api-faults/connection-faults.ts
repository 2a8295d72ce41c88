import type { Socket } from 'node:net';
import type { Limits } from '../../../src/source/k8s/limits.ts';

/** What may become of a connection before anything is asked. */
export interface ConnectionFault {
  /** Takes a connection in the server's place; false: the server may have it. */
  readonly seize: (socket: Socket) => boolean;
  /** The reason that the log gives for it. */
  readonly says: (limits: Limits) => string;
  /** What a test shortens, so that it need not wait. */
  readonly limits?: Partial<Limits>;
}

export const CONNECTION_FAULTS: Readonly<Record<string, ConnectionFault>> = {
  'connections reset at once': {
    seize: (socket) => {
      socket.resetAndDestroy();
      return true;
    },
    says: () => 'the connection was cut (ECONNRESET): is the API server up, and its address right?',
  },
  'connections reset when they speak': {
    seize: (socket) => {
      socket.once('data', () => socket.resetAndDestroy());
      return true;
    },
    says: () => 'the connection was cut (ECONNRESET): is the API server up, and its address right?',
  },
  'bytes in place of TLS': {
    seize: (socket) => {
      socket.end('SSH-2.0-OpenSSH_9.2p1\r\n');
      return true;
    },
    says: () => 'it does not speak TLS (ERR_SSL_WRONG_VERSION_NUMBER): is it http, or another port?',
  },
  'connections that stay silent': {
    seize: () => true,
    says: ({ connectMs }) => `no TLS connection stands after ${connectMs / 1000} s`,
    limits: { connectMs: 200 },
  },
};
