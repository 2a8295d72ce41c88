import type { FrontendRow, SourceRangeRow } from '../image.ts';

/** What maps say of one service id, gathered map by map. */
export interface FoundService {
  name: string | undefined;
  readonly frontends: FrontendRow[];
  readonly sourceRanges: SourceRangeRow[];
  readonly members: number[];
}

/** By service id; asking for a new one makes it. */
export interface FoundServices {
  readonly all: ReadonlyMap<number, FoundService>;
  of(id: number): FoundService;
}

export function createFoundServices(): FoundServices {
  const all = new Map<number, FoundService>();
  return {
    all,
    of(id) {
      let found = all.get(id);
      if (found === undefined) {
        found = { name: undefined, frontends: [], sourceRanges: [], members: [] };
        all.set(id, found);
      }
      return found;
    },
  };
}
