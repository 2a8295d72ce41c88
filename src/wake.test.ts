import { describe, expect, it } from 'vitest';
import { createWake } from './wake.ts';

const never = new AbortController().signal;

describe('wake', () => {
  it('ends the wait after the time, and cancels the timer when it ends before', async () => {
    const timers: { readonly ms: number; readonly fire: () => void; cancelled: boolean }[] = [];
    const wake = createWake(never, (ms, fire) => {
      const timer = { ms, fire, cancelled: false };
      timers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    });
    const first = wake.wait(10);
    timers[0]?.fire();
    await first;
    const second = wake.wait(20);
    wake.notify();
    await second;
    expect(timers.map(({ ms, cancelled }) => [ms, cancelled])).toEqual([
      [10, false],
      [20, true],
    ]);
  });

  it('remembers a notification until the next wait, once', async () => {
    let started = 0;
    const wake = createWake(never, (_, fire) => {
      started += 1;
      fire();
      return () => undefined;
    });
    wake.notify();
    wake.notify();
    await wake.wait(10);
    expect(started).toBe(0);
    await wake.wait(10);
    expect(started).toBe(1);
  });

  it('ends at once when the signal aborts', async () => {
    const controller = new AbortController();
    const wake = createWake(controller.signal);
    const waiting = wake.wait(undefined);
    controller.abort();
    await waiting;
    await wake.wait(undefined);
    expect(controller.signal.aborted).toBe(true);
  });
});
