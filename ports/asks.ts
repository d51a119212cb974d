/**
 * Questions to the other side of a thread or link, and answers to its own. Each question settles: by its
 * answer, by its deadline, or because the other side is gone. How a reply is written is for whoever asks.
 *
 * @module
 */

import type { Cancel, Clock } from "./clock.ts";

/** How questions of one kind end. */
export interface AskTerms<Reply> {
  /** What a reply says; throws what the other side refused with. */
  readonly read: (reply: Reply) => unknown;
  /** What a question ends with that was not answered in its time. `what` is as it was asked with. */
  readonly late: (what: string, deadlineMs: number) => Error;
  /** What it ends with where no answer can come any more. */
  readonly gone: (reason: string, what: string) => Error;
}

interface Open {
  readonly what: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly cancel: Cancel;
}

/**
 * The questions to one other side.
 *
 * @example
 * ```ts
 * import { systemClock } from "./clock.ts";
 * import { Asks } from "./asks.ts";
 * const asks = new Asks<string>(systemClock, { read: (reply) => reply, late: Error, gone: Error });
 * const answer = asks.ask("the time", 1000, (id) => asks.settle(id, "late"));
 * console.assert(await answer === "late");
 * ```
 */
export class Asks<Reply> {
  readonly #clock: Clock;
  readonly #terms: AskTerms<Reply>;
  readonly #open = new Map<number, Open>();
  #ids = 0;

  constructor(clock: Clock, terms: AskTerms<Reply>) {
    this.#clock = clock;
    this.#terms = terms;
  }

  /** Whether a question still waits. */
  has(id: number): boolean {
    return this.#open.has(id);
  }

  /**
   * Asks: `send` gets the question's number, at once.
   *
   * @throws What `send` throws, and what the terms make of a refusal, of the deadline and of an end.
   */
  ask(what: string, deadlineMs: number, send: (id: number) => void): Promise<unknown> {
    const id = ++this.#ids;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const late = () => this.fail(id, this.#terms.late(what, deadlineMs));
    const cancel = this.#clock.after(deadlineMs, late);
    this.#open.set(id, { what, resolve, reject, cancel });
    try {
      send(id);
    } catch (error) {
      this.fail(id, error);
    }
    return promise;
  }

  /** A reply has come; one that nobody waits for any more is dropped. */
  settle(id: number, reply: Reply): void {
    const open = this.#take(id);
    try {
      open?.resolve(this.#terms.read(reply));
    } catch (error) {
      // Also where it cannot be read: that is an answer, too.
      open?.reject(error);
    }
  }

  /** A question could not be asked after all. */
  fail(id: number, error: unknown): void {
    this.#take(id)?.reject(error);
  }

  /** The other side is gone: no reply will come, but to questions that it has not got yet. */
  drop(reason: string, unsent: ReadonlySet<number> = new Set()): void {
    for (const [id, { what }] of [...this.#open]) {
      if (!unsent.has(id)) this.fail(id, this.#terms.gone(reason, what));
    }
  }

  #take(id: number): Open | undefined {
    const open = this.#open.get(id);
    this.#open.delete(id);
    open?.cancel();
    return open;
  }
}

/**
 * Answers a question of the other side, whatever becomes of the work: with the reply that it gives, or
 * with what `refuse` makes of what it threw, or of why its reply could not be sent.
 */
export async function answer<Reply>(
  work: () => Reply | Promise<Reply>,
  refuse: (thrown: unknown) => Reply,
  reply: (reply: Reply) => void,
): Promise<void> {
  try {
    reply(await work());
  } catch (error) {
    reply(refuse(error));
  }
}
