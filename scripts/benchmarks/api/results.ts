import { besidePeer, quantile, type Result } from '../result.ts';
import type { BareRead } from './bare-reads.ts';
import type { Change } from './changes.ts';
import type { Restart } from './restart.ts';
import type { Start } from './start.ts';

/** What one contestant came to. */
export interface Measured {
  readonly starts: readonly Start[];
  readonly restarts: readonly Restart[];
  readonly idle: readonly Change[];
  readonly churn: readonly Change[];
}

const PEER = 'kube-proxy';

export function startResults(ours: Measured, theirs: Measured, reads: readonly BareRead[]): readonly Result[] {
  const of = (take: (start: Start) => number) => ({ ours: ours.starts.map(take), theirs: theirs.starts.map(take) });
  const read = (take: (read: BareRead) => number) => ({ name: 'bare reader', runs: reads.map(take) });
  const seconds = of((start) => start.seconds);
  const cpuSeconds = of((start) => start.cpuSeconds);
  const peakRssMb = of((start) => start.peakRssMb);
  const figures = [
    { name: 'start to answered', unit: 's', limit: 1.2, of: seconds, read: read((each) => each.seconds) },
    { name: 'start, processor time', unit: 's', of: cpuSeconds, read: read((each) => each.cpuSeconds) },
    {
      name: 'start, peak memory of the process alone',
      unit: 'MB',
      limit: 150,
      of: peakRssMb,
      read: read((each) => each.peakRssMb),
    },
  ];
  return figures.flatMap(({ name, unit, limit, of: { ours: runs, theirs: peers }, read: reader }) => [
    besidePeer(
      { name: `api: ${name}`, unit, runs, ...(limit !== undefined && { limit }) },
      { name: PEER, runs: peers },
    ),
    besidePeer({ name: `api: ${name}`, unit, runs }, reader),
  ]);
}

export function restartResults(ours: Measured, theirs: Measured): readonly Result[] {
  const seconds = ({ restarts }: Measured): readonly number[] => restarts.map((restart) => restart.seconds);
  const failed = ({ restarts }: Measured): readonly number[] => restarts.map((restart) => restart.failed);
  const answered = ours.restarts.reduce((sum, restart) => sum + restart.answered, 0);
  return [
    besidePeer(
      { name: 'api: restart to changes made meanwhile answered', unit: 's', limit: 1.2, runs: seconds(ours) },
      { name: PEER, runs: seconds(theirs) },
    ),
    besidePeer(
      {
        ...{ name: 'api: new connections that failed in a restart', unit: '', limit: 0, runs: failed(ours) },
        note: `${answered} answered`,
      },
      { name: PEER, runs: failed(theirs) },
    ),
  ];
}

export function changeResults(services: number, ours: Measured, theirs: Measured): readonly Result[] {
  return (['idle', 'churn'] as const).flatMap((load) => {
    const figure = (share: number, limit: number): Result => {
      const runs = ours[load].map(({ answeredMs }) => answeredMs);
      const value = quantile(runs, share);
      const peers = theirs[load].map(({ answeredMs }) => answeredMs);
      const peer = { name: PEER, value: quantile(peers, share) };
      const statistic = share === 0.5 ? 'median' : `p${share * 100}`;
      const name = `api: change to answered, ${services} Services, ${load}, ${statistic}`;
      return { name, unit: 'ms', value, runs, limit, peer, ratio: value / peer.value };
    };
    const written = ours[load].map(({ writtenMs }) => writtenMs);
    const name = `api: the write alone, ${services} Services, ${load}, median`;
    return [figure(0.5, 10), figure(0.99, 25), { name, unit: 'ms', value: quantile(written, 0.5), runs: written }];
  });
}
