/**
 * Calls that wait for their replies. Each settles: by its reply, by its deadline, or because the other
 * side is gone. Both ends of a link keep one.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { LinkReply } from "../protocol/link_call.ts";
import { decodeValue } from "../protocol/value.ts";
import { decodeError } from "../protocol/wire_error.ts";
import type { Cancel, Clock } from "./clock.ts";

/** A call that has been numbered. */
export interface OpenCall {
  readonly id: number;
  /** What the other side answers. Rejects with what it threw, with `deadline`, or with `away`. */
  readonly answer: Promise<unknown>;
}

const NONE: ReadonlySet<number> = new Set();
/** What a timer takes: one that is longer fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly cancel: Cancel;
}

/**
 * The calls to one other side.
 *
 * @example
 * ```ts
 * import { systemClock } from "./clock.ts";
 * import { Calls } from "./calls.ts";
 * const calls = new Calls(systemClock);
 * const { id, answer } = calls.open("cluster 0", 1000);
 * calls.reply({ op: "reply", id, value: { json: "pong" } });
 * console.assert(await answer === "pong");
 * ```
 */
export class Calls {
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  #ids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many wait. */
  get size(): number {
    return this.#pending.size;
  }

  /** Whether a call still waits. */
  has(id: number): boolean {
    return this.#pending.has(id);
  }

  /** Numbers a call to `whom`, which has `timeoutMs` to answer. */
  open(whom: string, timeoutMs: number): OpenCall {
    const id = ++this.#ids;
    const answer = new Promise<unknown>((resolve, reject) => {
      const cancel = this.#clock.after(Math.min(timeoutMs, LONGEST_MS), () => {
        const text = `Cannot get an answer from ${whom}: none within ${timeoutMs} ms`;
        this.#take(id)?.reject(new GatehouseError("deadline", "peer", text, { timeoutMs }));
      });
      this.#pending.set(id, { resolve, reject, cancel });
    });
    return { id, answer };
  }

  /** A reply has come; one that nobody waits for any more is dropped. */
  reply(reply: LinkReply): void {
    const pending = this.#take(reply.id);
    if (!pending) return;
    try {
      if ("error" in reply) pending.reject(decodeError(reply.error));
      else pending.resolve(decodeValue(reply.value));
    } catch (error) {
      // It cannot be read: that is an answer, too.
      pending.reject(error);
    }
  }

  /** A call could not be made after all. */
  fail(id: number, error: unknown): void {
    this.#take(id)?.reject(error);
  }

  /** The other side is gone: no reply will come, but to calls that it has not got yet. */
  drop(reason: string, unsent: ReadonlySet<number> = NONE): void {
    for (const id of [...this.#pending.keys()]) {
      if (unsent.has(id)) continue;
      this.fail(id, new GatehouseError("away", "peer", `Cannot get an answer: ${reason}`));
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.cancel();
    return pending;
  }
}
