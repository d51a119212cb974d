/**
 * What happens, for whoever wants to look: each reader gets everything from the moment it began.
 *
 * @module
 */

/** Items that a reader may be behind; the oldest are dropped, so that a reader that sleeps costs little. */
const MOST_BEHIND = 10_000;

interface Reader<Item> {
  readonly waiting: Item[];
  wake: () => void;
}

/** One writer, any number of readers. */
export class Feed<Item> {
  readonly #readers = new Set<Reader<Item>>();
  #ended = false;

  /** Gives an item to every reader. */
  publish(item: Item): void {
    for (const reader of this.#readers) {
      reader.waiting.push(item);
      if (reader.waiting.length > MOST_BEHIND) reader.waiting.shift();
      reader.wake();
    }
  }

  /** Ends every reader once it has read what is there. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) reader.wake();
  }

  /** Everything from now on. */
  read(): AsyncGenerator<Item> {
    const reader: Reader<Item> = { waiting: [], wake: () => {} };
    this.#readers.add(reader);
    const items = this.#iterate(reader);
    const leave = items.return.bind(items);
    // Of who leaves before the first item the generator itself takes no notice.
    items.return = (value) => {
      this.#readers.delete(reader);
      return leave(value);
    };
    return items;
  }

  async *#iterate(reader: Reader<Item>): AsyncGenerator<Item> {
    try {
      while (true) {
        while (reader.waiting.length > 0) yield reader.waiting.shift()!;
        if (this.#ended) return;
        await new Promise<void>((resolve) => reader.wake = resolve);
      }
    } finally {
      this.#readers.delete(reader);
    }
  }
}
