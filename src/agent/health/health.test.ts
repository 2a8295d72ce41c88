import { describe, expect, it } from 'vitest';
import { createHealth } from './health.ts';
import { answerHealth } from './health-answer.ts';

const WALL = Date.UTC(2026, 10, 24, 2, 0, 0);

function start() {
  let now = 0;
  const health = createHealth({ wall: () => WALL + now, monotonic: () => now });
  return { health, advance: (ms: number) => (now += ms) };
}

describe('health', () => {
  it('is given up once a sync has been due for a minute, and comes back with the next success', () => {
    const { health, advance } = start();
    const states: boolean[] = [];
    const look = () => states.push(health.report().isHealthy);
    health.updated();
    advance(1_000_000);
    look(); // nothing is due
    health.queued();
    advance(59_999);
    health.queued(); // tried again: due since the first time
    look();
    advance(1);
    look();
    health.updated();
    look();
    expect(states).toEqual([true, true, false, true]);
    expect(health.report()).toEqual({ isHealthy: true, lastUpdatedMs: WALL + 1_060_000, currentMs: WALL + 1_060_000 });
  });
});

describe("kube-proxy's health paths", () => {
  const report = { isHealthy: true, lastUpdatedMs: WALL, currentMs: WALL + 5000 };
  const times = { lastUpdated: '2026-11-24T02:00:00.000Z', currentTime: '2026-11-24T02:00:05.000Z' };
  const family = (healthy: boolean) => ({ lastUpdated: times.lastUpdated, healthy });
  const both = (healthy: boolean) => ({ IPv4: family(healthy), IPv6: family(healthy) });
  const ask = (path: string, isHealthy: boolean, isEligible: boolean) => {
    const answer = answerHealth(path, { ...report, isHealthy }, isEligible);
    return answer && [answer.status, JSON.parse(answer.body), answer.headers];
  };
  const HEADERS = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' };

  it('answers as its own do', () => {
    expect(ask('/healthz', true, true)).toEqual([
      200,
      { ...times, nodeEligible: true, healthy: true, status: both(true) },
      HEADERS,
    ]);
    expect(ask('/livez', true, true)).toEqual([200, { ...times, healthy: true, status: both(true) }, HEADERS]);
    expect(ask('/', true, true)).toBe(undefined);
  });

  it('a node that leaves is alive, but not for new traffic', () => {
    expect(ask('/healthz', true, false)).toEqual([
      503,
      { ...times, nodeEligible: false, healthy: true, status: both(true) },
      HEADERS,
    ]);
    expect(ask('/livez', true, false)?.[0]).toBe(200);
  });

  it('what does not follow the cluster is neither', () => {
    expect(ask('/healthz', false, true)?.slice(0, 2)).toEqual([
      503,
      { ...times, nodeEligible: true, healthy: false, status: both(false) },
    ]);
    expect(ask('/livez', false, true)?.[0]).toBe(503);
  });

  it('says when nothing was synced yet', () => {
    const answer = answerHealth('/livez', { ...report, lastUpdatedMs: undefined }, true);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ lastUpdated: '0001-01-01T00:00:00Z' });
  });
});
