/** Starts a timer; the result cancels it. */
export type SetTimer = (ms: number, fire: () => void) => () => void;

/** Lets one loop sleep until there is something to do. */
export interface Wake {
  /** Ends the wait, or the next one: many calls between two waits count once. */
  notify(): void;
  /** At most `ms`; undefined: no limit. Ends at once when the signal is aborted. */
  wait(ms: number | undefined): Promise<void>;
}

export const setSystemTimer: SetTimer = (ms, fire) => {
  const timer = setTimeout(fire, ms);
  return () => clearTimeout(timer);
};

export function createWake(signal: AbortSignal, setTimer: SetTimer = setSystemTimer): Wake {
  let isNotified = false;
  let ring: (() => void) | undefined;
  const notify = (): void => {
    isNotified = true;
    ring?.();
  };
  signal.addEventListener('abort', notify, { once: true });
  return {
    notify,
    async wait(ms) {
      if (!isNotified && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const cancel = ms === undefined ? undefined : setTimer(ms, resolve);
          ring = () => {
            cancel?.();
            resolve();
          };
        });
        ring = undefined;
      }
      isNotified = false;
    },
  };
}
