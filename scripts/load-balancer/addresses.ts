const FIRST = 10;
const LAST = 249;

/** Gives every Service an address of its own: the lowest that is free, the same number in both families. */
export class Addresses {
  readonly #numbers = new Map<string, number>();

  /** The addresses of a Service in the order of its IP families. */
  of(uid: string, families: readonly string[]): readonly string[] {
    const number = this.#numbers.get(uid) ?? this.#free();
    this.#numbers.set(uid, number);
    return families.map((family) => (family === 'IPv6' ? `2001:db8:5100::${number}` : `198.51.100.${number}`));
  }

  release(uid: string): void {
    this.#numbers.delete(uid);
  }

  #free(): number {
    const used = new Set(this.#numbers.values());
    for (let number = FIRST; number <= LAST; number += 1) if (!used.has(number)) return number;
    throw new Error(`Cannot give an address: all ${LAST - FIRST + 1} are in use`);
  }
}
