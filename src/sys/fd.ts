import { closeSync, readlinkSync } from 'node:fs';

/** Owns an open file descriptor. */
export class Fd implements Disposable {
  #value: number | undefined;

  constructor(value: number) {
    this.#value = value;
  }

  /** Throws once it is closed: the number may mean another file by then. */
  get value(): number {
    if (this.#value === undefined) throw new Error('Cannot use a closed descriptor');
    return this.#value;
  }

  /** "bpf-map", "bpf-prog", "bpf-link", or a path: what the descriptor leads to. */
  get kind(): string {
    return readlinkSync(`/proc/self/fd/${this.value}`).replace('anon_inode:', '').replace('bpf_', 'bpf-');
  }

  [Symbol.dispose](): void {
    if (this.#value !== undefined) closeSync(this.#value);
    this.#value = undefined;
  }
}
