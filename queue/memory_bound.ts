/**
 * The bound on the memory of all queues of a worker, `QUEUE_MEMORY_BYTES`, of which each use has its share. At half
 * of it the fullest queues move to disk. A little later Discord is left unread until the disk has caught up. Only
 * where there is no disk, or none that takes anything, the queue that has most to send sheds: one slow consumer does
 * not cost another its events.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import { Backpressure } from "./backpressure.ts";
import type { ShardQueue } from "./shard_queue.ts";
import type { Overflow, Stretch } from "./shedding.ts";

/** At least this share of a queue is shed at once: to look for the largest each time is slow. */
const SHED_SHARE = 1 / 16;
/** Bytes of a shard that are read ahead from disk, and bytes that are written at once, at most. */
const PIECE_BYTES = 1024 * 1024;

/** Parts of `QUEUE_MEMORY_BYTES`, beside what is under way in our sockets: see `under_way.ts`. */
const SHARE = {
  /** What all shards read ahead, and as much again for what is being written. */
  pieces: 1 / 8,
  /** With more than this in the queues the fullest of them move to disk. */
  spill: 1 / 2,
  /** With more than this Discord is left unread, as long as the disk is at work. */
  pause: 5 / 8,
  /** With more than this events are dropped. */
  shed: 3 / 4,
  /** When memory has grown by this it is looked after again. */
  step: 1 / 32,
} as const;

/** What of a queue its memory hangs on. */
type Bounded = Pick<
  ShardQueue,
  "pendingBytes" | "spillableBytes" | "unsentBytes" | "spill" | "shed"
>;

/** What the bound is made with. */
export interface MemoryBoundOptions<Queue> {
  readonly clock: Clock;
  readonly limitBytes: number;
  /** Whether what does not fit can go to a disk. */
  readonly hasDisk: boolean;
  readonly overflow?: Overflow | undefined;
  readonly queues: () => Iterable<Queue>;
  /** Events of a queue were dropped for want of room. */
  readonly shed: (queue: Queue, gone: Stretch) => void;
  /** Leaves Discord's sockets unread for as long as the disk needs, or reads on (`false`). */
  readonly pause: (isPaused: boolean) => void;
}

/** The memory of the queues of one worker. */
export class MemoryBound<Queue extends Bounded> {
  readonly #options: MemoryBoundOptions<Queue>;
  readonly #backpressure: Backpressure;
  #bytes = 0;
  /** With more bytes than this something is to be done. */
  #attendAbove: number;

  constructor(options: MemoryBoundOptions<Queue>) {
    this.#options = options;
    this.#backpressure = new Backpressure(options);
    this.#attendAbove = this.#nextAttention;
  }

  /** Whether Discord's sockets are to be left unread. */
  get isPaused(): boolean {
    return this.#backpressure.isOn;
  }

  /** Whether there is memory for what nobody asks for at this moment. */
  get hasRoom(): boolean {
    return this.#bytes < this.#share("spill");
  }

  /** Bytes that each of so many queues may read ahead, and write at once. */
  pieceBytes(queues: number): number {
    return Math.min(PIECE_BYTES, this.#share("pieces") / queues);
  }

  /** Memory was taken, or given back (below 0). */
  account(bytes: number): void {
    this.#bytes += bytes;
    if (bytes >= 0) return;
    this.#attendAbove = Math.min(this.#attendAbove, this.#nextAttention);
    if (this.isPaused) this.#maybeReadOn();
  }

  /** Something was taken: sees to it that there is not too much. */
  look(): void {
    if (this.#bytes > this.#attendAbove && !this.isPaused) this.#attend();
  }

  /** A spill that failed may be tried again. */
  maySpill(): void {
    if (this.isPaused) this.#maybeReadOn();
    else this.look();
  }

  /** The disk has taken something. */
  stored(): void {
    this.#backpressure.stored();
  }

  /** The disk has failed; one that is full is not waited for. */
  failed(isFull: boolean): void {
    this.#backpressure.failed(isFull);
  }

  #share(use: keyof typeof SHARE): number {
    return this.#options.limitBytes * SHARE[use];
  }

  /** Not for each event; and where there is no disk, not before something has to be dropped. */
  get #nextAttention(): number {
    const leastBytes = this.#share(this.#options.hasDisk ? "spill" : "shed");
    return Math.min(
      Math.max(leastBytes, this.#bytes + this.#share("step")),
      this.#share("shed"),
    );
  }

  /** Memory has grown: what can be written is, then Discord waits, and only then something is dropped. */
  #attend(): void {
    const pendingBytes = this.#spill();
    if (this.#bytes > this.#share("pause") && pendingBytes > 0) this.#backpressure.begin();
    if (this.#bytes > this.#share("shed") && !this.isPaused) this.#shed();
    this.#attendAbove = this.#nextAttention;
  }

  /** Nothing is waited for that the disk could not give: the rest is under way, or somebody's next. */
  #maybeReadOn(): void {
    if (this.#bytes <= this.#share("spill") || this.#spill() === 0) this.#backpressure.end();
  }

  /**
   * Moves the fullest queues to disk until what is on its way there makes up for what is too much.
   * Gives the bytes that are on their way.
   */
  #spill(): number {
    const queues = [...this.#options.queues()];
    let pendingBytes = queues.reduce((sum, queue) => sum + queue.pendingBytes, 0);
    const inMemory = queues.filter(({ spillableBytes }) => spillableBytes > 0)
      .sort((a, b) => b.spillableBytes - a.spillableBytes);
    for (const queue of inMemory) {
      if (this.#bytes - pendingBytes <= this.#share("spill")) break;
      pendingBytes += queue.spillableBytes;
      queue.spill();
    }
    return pendingBytes;
  }

  /** What is under way cannot be dropped, so that it does not count here. */
  #shed(): void {
    const { queues, overflow, shed } = this.#options;
    const tooMuch = this.#bytes - this.#share("shed");
    const fullest = [...queues()].reduce((a, b) => b.unsentBytes > a.unsentBytes ? b : a);
    const bytes = Math.max(tooMuch, fullest.unsentBytes * SHED_SHARE);
    fullest.shed(bytes, overflow, (gone) => shed(fullest, gone));
  }
}
