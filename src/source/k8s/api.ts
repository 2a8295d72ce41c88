import { VERSION } from '../../version.ts';
import type { Access } from './access/access.ts';
import type { Answer, Channel, Request } from './http/channel.ts';
import { describeFailure } from './http/describe-failure.ts';
import { openChannel } from './http/open-channel.ts';
import type { Limits } from './limits.ts';

/** Asks an API server; all requests share one connection where it speaks HTTP/2. */
export interface Api {
  readonly server: URL;
  readonly limits: Limits;
  /** Never rejects: a failure is an answer, too. */
  get(path: string, accept: string, signal: AbortSignal): Promise<Asked>;
  close(): void;
}

export type Asked =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly cancel: () => void }
  | { readonly kind: 'failed'; readonly reason: string };

export function createApi(access: Access, limits: Limits): Api {
  let channel: Channel | undefined;
  let opening: Promise<Channel> | undefined;
  let isClosed = false;

  const open = async (): Promise<Channel> => {
    if (channel?.isOpen === true) return channel;
    opening ??= openChannel(access, limits).finally(() => {
      opening = undefined;
    });
    const opened = await opening;
    if (isClosed) opened.close();
    channel = opened;
    return opened;
  };

  return {
    server: access.server,
    limits,
    async get(path, accept, signal) {
      let request: Request | undefined;
      const cancel = (): void => request?.cancel();
      try {
        const authorization = await access.authorization();
        const current = await open();
        if (signal.aborted) return ABORTED;
        const headers = { accept, 'user-agent': `bpfsvc/${VERSION}` };
        request = current.get(path, authorization === undefined ? headers : { ...headers, authorization });
        signal.addEventListener('abort', cancel, { once: true });
        return { kind: 'answered', answer: await inTime(request, limits.headersMs), cancel };
      } catch (error) {
        return { kind: 'failed', reason: describeFailure(error) };
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    },
    close() {
      isClosed = true;
      channel?.close();
    },
  };
}

const ABORTED: Asked = { kind: 'failed', reason: 'it is no longer wanted' };

async function inTime(request: Request, deadlineMs: number): Promise<Answer> {
  let late: NodeJS.Timeout | undefined;
  const timeOut = new Promise<never>((_, reject) => {
    late = setTimeout(() => {
      reject(new Error(`no answer began within ${deadlineMs / 1000} s`));
      request.cancel();
    }, deadlineMs);
  });
  try {
    return await Promise.race([request.answered, timeOut]);
  } finally {
    clearTimeout(late);
  }
}
