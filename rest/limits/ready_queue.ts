/**
 * A queue with lanes: of what waits, the oldest of the lowest lane goes first.
 *
 * @module
 */

interface Entry<Item> {
  readonly item: Item;
  readonly order: number;
}

/**
 * An empty queue.
 *
 * @example
 * ```ts
 * import { ReadyQueue } from "./ready_queue.ts";
 * const queue = new ReadyQueue<string>();
 * queue.add("later", 2, 1);
 * queue.add("sooner", 1, 2);
 * console.assert(queue.shift() === "sooner");
 * ```
 */
export class ReadyQueue<Item> {
  /** Each in order. */
  readonly #lanes: Entry<Item>[][] = [];
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** The next one. */
  get first(): Item | undefined {
    return this.#firstLane()?.[0]?.item;
  }

  /** Adds an item to a lane (0, 1, 2 …) before all of a higher order. */
  add(item: Item, lane: number, order: number): void {
    while (this.#lanes.length <= lane) this.#lanes.push([]);
    const entries = this.#lanes[lane]!;
    const at = entries.findLastIndex((entry) => entry.order <= order) + 1;
    entries.splice(at, 0, { item, order });
    this.#size++;
  }

  /** Takes the next one. */
  shift(): Item | undefined {
    const lane = this.#firstLane();
    if (lane) this.#size--;
    return lane?.shift()?.item;
  }

  /** Takes the first one that matches out of its turn. */
  remove(matches: (item: Item) => boolean): Item | undefined {
    for (const lane of this.#lanes) {
      const at = lane.findIndex(({ item }) => matches(item));
      if (at < 0) continue;
      this.#size--;
      return lane.splice(at, 1)[0]!.item;
    }
    return undefined;
  }

  #firstLane(): Entry<Item>[] | undefined {
    return this.#lanes.find(({ length }) => length > 0);
  }
}
