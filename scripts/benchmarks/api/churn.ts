import type { ApiWorld } from './world.ts';

const UPDATES_PER_SECOND = 50;

/** Endpoints of Services that nobody dials move, 50 a second, until the returned function ends it. */
export function startChurn(world: ApiWorld): () => Promise<void> {
  const pending = new Set<Promise<void>>();
  let failure: Error | undefined;
  let updates = 0;
  const timer = setInterval(() => {
    const update = world
      .stir((updates * 7) % world.seeded, Math.floor(updates / world.seeded) + updates)
      .catch((error: Error) => {
        failure ??= error;
      })
      .finally(() => pending.delete(update));
    pending.add(update);
    updates += 1;
  }, 1000 / UPDATES_PER_SECOND);
  return async () => {
    clearInterval(timer);
    await Promise.all(pending);
    if (failure !== undefined) throw new Error('Cannot churn', { cause: failure });
  };
}
