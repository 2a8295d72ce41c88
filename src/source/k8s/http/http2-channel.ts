import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { Limits } from '../limits.ts';
import type { Channel, Request } from './channel.ts';

/** Flow control's default of 64 KB would wait for a round trip each. */
const WINDOW_BYTES = 1 << 20;
const MOST_HEADER_BYTES = 32 << 10;

/** HTTP/2 over a socket that has agreed on it. Without a sign of life it closes itself. */
export function http2Channel(server: URL, socket: Socket, limits: Limits): Channel {
  const session = connect(server.origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: WINDOW_BYTES, maxHeaderListSize: MOST_HEADER_BYTES },
  });
  session.on('error', () => undefined); // every request hears of it
  session.once('connect', () => session.setLocalWindowSize(4 * WINDOW_BYTES));
  watchLife(session, socket, limits);
  return {
    get isOpen() {
      return !session.closed && !session.destroyed;
    },
    get: (path, headers) => request(session, path, headers),
    close: () => end(session, socket),
  };
}

function request(session: ClientHttp2Session, path: string, headers: Readonly<Record<string, string>>): Request {
  const stream = session.request({ ...headers, ':path': path }, { endStream: true });
  const answered = new Promise<Awaited<Request['answered']>>((resolve, reject) => {
    stream.once('response', (answer) => resolve({ status: answer[':status'] ?? 0, headers: answer, body: stream }));
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the server closed the stream without an answer')));
  });
  stream.on('error', () => undefined); // whoever reads the body listens, too
  return { answered, cancel: () => stream.close(constants.NGHTTP2_CANCEL) };
}

/** A half-open connection swallows what is sent for a quarter of an hour before the kernel gives up. */
function watchLife(session: ClientHttp2Session, socket: Socket, { pingEveryMs, pingAnswerMs }: Limits): void {
  let received = 0;
  const ask = setInterval(() => {
    if (session.destroyed) {
      clearInterval(ask);
      return;
    }
    if (socket.bytesRead !== received) {
      received = socket.bytesRead;
      return;
    }
    const late = setTimeout(() => {
      end(session, socket, new Error(`the server has not answered a ping for ${pingAnswerMs / 1000} s`));
    }, pingAnswerMs);
    const isSent = session.ping(() => clearTimeout(late));
    if (!isSent) clearTimeout(late); // an older ping waits already
  }, pingEveryMs);
  session.once('close', () => clearInterval(ask));
}

/** A session alone would wait for its socket to write what nobody takes any more. */
function end(session: ClientHttp2Session, socket: Socket, reason?: Error): void {
  session.destroy(reason);
  socket.destroy();
}
