/** Things a probe holds for its parent, by number. */
export class Table<T> {
  readonly #items = new Map<number, T>();
  #next = 1;

  add(item: T): number {
    const id = this.#next++;
    this.#items.set(id, item);
    return id;
  }

  get(id: number): T {
    const item = this.#items.get(id);
    if (item === undefined) throw new Error(`Cannot find number "${id}"`);
    return item;
  }

  take(id: number): T {
    const item = this.get(id);
    this.#items.delete(id);
    return item;
  }
}
