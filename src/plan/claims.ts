/** Who asks for a frontend; the older Service wins, then the first by name. */
export interface Claimant {
  /** "namespace/name" */
  readonly service: string;
  /** Unix time in milliseconds; unknown counts as youngest. */
  readonly created: number | undefined;
}

/** Which Services ask for which frontends, by the frontend's name. */
export interface Claims {
  /** States all claims of a Service; returns those of the changed ones that others make too. */
  replace(claimant: Claimant, names: readonly string[]): readonly string[];
  /** Services that claim a frontend. */
  claimants(name: string): Iterable<string>;
  /** The Service a claimed frontend belongs to. */
  winner(name: string): string | undefined;
}

export function createClaims(): Claims {
  const byService = new Map<string, { readonly created: number | undefined; readonly names: readonly string[] }>();
  const byName = new Map<string, string | Set<string>>(); // nearly every frontend has one claimant: no set for it
  const winners = new Map<string, string>(); // of frontends with several claimants, until one of them changes

  const add = (name: string, service: string): boolean => {
    const present = byName.get(name);
    winners.delete(name);
    if (present === undefined) byName.set(name, service);
    else if (typeof present !== 'string') present.add(service);
    else byName.set(name, new Set([present, service]));
    return present !== undefined;
  };
  const remove = (name: string, service: string): boolean => {
    const present = byName.get(name);
    winners.delete(name);
    if (present === undefined || typeof present === 'string') {
      byName.delete(name);
      return false;
    }
    present.delete(service);
    const [only] = present;
    if (present.size === 1 && only !== undefined) byName.set(name, only);
    return true;
  };
  const createdOf = (service: string): number => byService.get(service)?.created ?? Number.POSITIVE_INFINITY;
  const isShared = (name: string): boolean => typeof byName.get(name) === 'object';

  return {
    replace({ service, created }, names) {
      const before = byService.get(service);
      if (names.length === 0) byService.delete(service);
      else byService.set(service, { created, names });
      const kept = new Set(names);
      const gone = (before?.names ?? []).filter((name) => !kept.delete(name));
      const shared = [
        ...gone.filter((name) => remove(name, service)),
        ...[...kept].filter((name) => add(name, service)),
      ];
      if (before === undefined || before.created === created) return shared;
      const reranked = names.filter(isShared);
      for (const name of reranked) winners.delete(name);
      return [...new Set([...shared, ...reranked])];
    },
    claimants(name) {
      const present = byName.get(name);
      return typeof present === 'string' ? [present] : (present ?? []);
    },
    winner(name) {
      const present = byName.get(name);
      if (present === undefined || typeof present === 'string') return present;
      let best = winners.get(name);
      if (best !== undefined) return best;
      for (const service of present) {
        if (best === undefined || precedes(service, best, createdOf)) best = service;
      }
      if (best !== undefined) winners.set(name, best);
      return best;
    },
  };
}

function precedes(a: string, b: string, createdOf: (service: string) => number): boolean {
  const [createdA, createdB] = [createdOf(a), createdOf(b)];
  return createdA === createdB ? a < b : createdA < createdB;
}
