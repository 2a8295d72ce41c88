/** A step that did not show what it promises. */
export class Disappointment extends Error {
  override readonly name = 'Disappointment';
}

/** Prints the demo as a story: chapters, and lines with what was done and what came of it. */
export class Story {
  readonly #write: (text: string) => void;
  readonly #colours: boolean;
  #chapter = 0;

  constructor(write: (text: string) => void, colours: boolean) {
    this.#write = write;
    this.#colours = colours;
  }

  title(text: string): void {
    this.#write(`\n${this.#paint(1, text)}\n`);
  }

  chapter(text: string): void {
    this.#chapter++;
    this.#write(`\n${this.#paint(36, String(this.#chapter).padStart(2))}  ${this.#paint(1, text)}\n`);
  }

  say(text: string): void {
    for (const line of text.split('\n')) this.#write(`    ${line}\n`);
  }

  aside(text: string): void {
    for (const line of text.split('\n')) this.#write(`    ${this.#paint(2, line)}\n`);
  }

  /** One line: what was asked, what came, and whether that is right. */
  result(asked: string, came: string, isRight: boolean): void {
    const mark = isRight ? this.#paint(32, '✓') : this.#paint(31, '✗');
    this.#write(`    ${asked.padEnd(58)} ${came.padEnd(44)} ${mark}\n`);
    if (!isRight) throw new Disappointment(`${asked}: ${came}`);
  }

  #paint(code: number, text: string): string {
    return this.#colours ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}
