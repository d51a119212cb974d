/**
 * The bot's commands on their way up one shard (ops 3, 4, 8, 31, 43): in order, within Discord's
 * limits, held while the session is not ready, and every one settled: sent, or refused with a reason.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { COMMAND_OPS, MAX_COMMAND_BYTES } from "../protocol/opcodes.ts";
import type { ShardPayload } from "../protocol/worker_message.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { SendWindow } from "./send_window.ts";

/** Commands that may wait on one shard; more are refused. */
export const MOST_WAITING_COMMANDS = 1_000;
/** How long a command may wait before it is refused. */
export const COMMAND_DEADLINE_MS = 120_000;

interface Waiting {
  readonly text: string;
  readonly settle: (error?: GatehouseError) => void;
  readonly cancelDeadline: Cancel;
}

/** The commands of one shard. */
export class Commands {
  readonly #clock: Clock;
  readonly #shardId: number;
  readonly #waiting: Waiting[] = [];
  #open: { write: (text: string) => void; window: SendWindow } | null = null;
  #cancelTimer: Cancel | null = null;
  /** Why the shard has stopped, while it has. */
  #stopped: string | null = null;

  constructor(clock: Clock, shardId: number) {
    this.#clock = clock;
    this.#shardId = shardId;
  }

  /** The session is ready: commands go out through `write`, as the window allows. */
  open(write: (text: string) => void, window: SendWindow): void {
    this.#open = { write, window };
    this.#drain();
  }

  /** The session is not ready, or not yet: commands wait for it. */
  hold(): void {
    this.#stopped = null;
    this.#open = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** The shard has stopped: until {@linkcode Commands.hold} nothing waits any longer. */
  refuseAll(reason: string): void {
    this.hold();
    this.#stopped = reason;
    for (const waiting of this.#waiting.splice(0)) {
      waiting.cancelDeadline();
      waiting.settle(this.#refusal("not_ready", reason));
    }
  }

  /**
   * Sends a command.
   *
   * @returns When it was handed to the socket.
   * @throws {GatehouseError} `refused` for an opcode that is not a command or a full queue,
   * `too_large` over 4096 bytes, `deadline` when it waited too long, `not_ready` on a stopped shard.
   */
  send(payload: ShardPayload): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = this.#encode(payload);
      if (this.#stopped !== null) throw this.#refusal("not_ready", this.#stopped);
      if (this.#waiting.length >= MOST_WAITING_COMMANDS) {
        throw this.#refusal("refused", `${MOST_WAITING_COMMANDS} commands wait already`);
      }
      const waiting: Waiting = {
        text,
        settle: (error) => error ? reject(error) : resolve(),
        cancelDeadline: this.#clock.after(COMMAND_DEADLINE_MS, () => {
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          reject(this.#refusal("deadline", `it waited ${COMMAND_DEADLINE_MS} ms`));
        }),
      };
      this.#waiting.push(waiting);
      this.#drain();
    });
  }

  #encode({ op, d }: ShardPayload): string {
    if (!COMMAND_OPS.has(op)) {
      const known = [...COMMAND_OPS].join(", ");
      throw this.#refusal("refused", `expected op ${known}, received ${op}`);
    }
    const text = JSON.stringify({ op, d });
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > MAX_COMMAND_BYTES) {
      throw this.#refusal("too_large", `it has ${bytes} bytes, Discord takes ${MAX_COMMAND_BYTES}`);
    }
    return text;
  }

  #drain(): void {
    if (!this.#open || this.#cancelTimer) return;
    const { write, window } = this.#open;
    while (this.#waiting.length > 0) {
      const waitMs = window.waitMs(this.#clock.now());
      if (waitMs > 0) {
        this.#cancelTimer = this.#clock.after(waitMs, () => {
          this.#cancelTimer = null;
          this.#drain();
        });
        return;
      }
      const next = this.#waiting.shift()!;
      next.cancelDeadline();
      window.note(this.#clock.now());
      write(next.text);
      next.settle();
    }
  }

  #refusal(code: "refused" | "too_large" | "deadline" | "not_ready", why: string): GatehouseError {
    const text = `Cannot send to shard ${this.#shardId}: ${why}`;
    return new GatehouseError(code, code === "not_ready" ? "host" : "caller", text, {
      shardId: this.#shardId,
    });
  }
}
