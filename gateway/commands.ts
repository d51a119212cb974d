/**
 * The bot's commands on their way up one shard: in order, within Discord's limits, held while the
 * session is not ready, and every one settled: sent, or refused with a reason. An opcode that we do not
 * know goes up, too, until Discord says that it does not know it either.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { intentLacking } from "../protocol/discord/members.ts";
import { COMMAND_OPS, isCommandOp, MAX_COMMAND_BYTES, OP } from "../protocol/discord/opcodes.ts";
import { writeExact } from "../protocol/json.ts";
import { isRecord } from "../protocol/record.ts";
import type { ShardPayload } from "../protocol/worker_message.ts";
import type { Cancel, Clock } from "../ports/clock.ts";
import type { SendWindow } from "./send_window.ts";

/** Commands that may wait on one shard; more are refused. */
export const MOST_WAITING_COMMANDS = 1_000;
/** How long a command may wait before it is refused. */
export const COMMAND_DEADLINE_MS = 120_000;
/** Payloads of a window that what we send by ourselves leaves to the bot. */
export const BOTS_SHARE = 30;

/** Whose a command is: the bot's go first. */
export type Rank = "bot" | "background";

/** What is sent at a turn, only known then; `null`: nothing any more. */
export type Make = () => ShardPayload | null;

interface Waiting {
  readonly text: () => string | null;
  readonly settle: (error?: GatehouseError) => void;
  readonly cancelDeadline: Cancel;
}

/** The way out, while there is one. */
interface Open {
  readonly write: (text: string) => void;
  readonly window: SendWindow;
}

/** The commands of one shard. */
export class Commands {
  readonly #clock: Clock;
  readonly #shardId: number;
  readonly #intents: () => number;
  readonly #waiting: Waiting[] = [];
  readonly #background: Make[] = [];
  #isDraining = false;
  #open: Open | null = null;
  #cancelTimer: Cancel | null = null;
  /** Opcodes unknown to us that this connection was sent, and those that Discord did not know. */
  readonly #tried = new Set<number>();
  readonly #unknown = new Set<number>();
  /** Why the shard has stopped, while it has. */
  #stopped: string | null = null;

  /** @param intents Those of the session, which may be others with each session. */
  constructor(clock: Clock, shardId: number, intents: () => number) {
    this.#clock = clock;
    this.#shardId = shardId;
    this.#intents = intents;
  }

  /** The session is ready: commands go out through `write`, as the window allows. */
  open(write: (text: string) => void, window: SendWindow): void {
    this.#open = { write, window };
    this.#tried.clear();
    this.#drain();
  }

  /** The session is not ready, or not yet: commands wait for it. */
  hold(): void {
    this.#stopped = null;
    this.#open = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** Discord has closed the connection for an opcode (4001): what we do not know is sent no more. */
  refusedOpcode(): void {
    for (const op of this.#tried) this.#unknown.add(op);
  }

  /** The shard has stopped: until {@linkcode Commands.hold} nothing waits any longer. */
  refuseAll(reason: string): void {
    this.hold();
    this.#stopped = reason;
    // What is in the background waits on, for a shard that is started again.
    for (const waiting of this.#waiting.splice(0)) {
      waiting.cancelDeadline();
      waiting.settle(this.#refusal("not_ready", reason));
    }
  }

  /**
   * Sends a command.
   *
   * @returns When it was handed to the socket.
   * @throws {GatehouseError} `refused` for an opcode of the session's own or one that Discord did not
   * know, a full queue, or an op 8 that Discord would not answer, because the session lacks an intent; `too_large` over 4096 bytes, `deadline` when it waited too long, `not_ready` on a stopped shard.
   */
  send(payload: ShardPayload): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = this.#encode(payload);
      this.#refuseFull();
      this.#refuseVain(payload);
      const waiting: Waiting = {
        // The session may be another one by then.
        text: () => {
          this.#refuseVain(payload);
          if (!COMMAND_OPS.has(payload.op)) this.#tried.add(payload.op);
          return text;
        },
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

  /**
   * Has `make` called once, when a command of this rank may go. It has no deadline; the bot's are
   * forgotten when the shard stops.
   *
   * @throws {GatehouseError} For the bot, as {@linkcode Commands.send} does on a full queue or a
   * stopped shard.
   */
  turn(rank: Rank, make: Make): void {
    if (rank === "background") this.#background.push(make);
    else {
      this.#refuseFull();
      this.#waiting.push({ text: () => this.#made(make), settle() {}, cancelDeadline() {} });
    }
    this.#drain();
  }

  #made(make: Make): string | null {
    const payload = make();
    return payload && this.#encode(payload);
  }

  #refuseFull(): void {
    if (this.#stopped !== null) throw this.#refusal("not_ready", this.#stopped);
    if (this.#waiting.length >= MOST_WAITING_COMMANDS) {
      throw this.#refusal("refused", `${MOST_WAITING_COMMANDS} commands wait already`);
    }
  }

  #refuseVain({ op, d }: ShardPayload): void {
    if (this.#unknown.has(op)) throw this.#refusal("refused", `Discord does not know op ${op}`);
    if (op !== OP.REQUEST_GUILD_MEMBERS || !isRecord(d)) return;
    const intent = intentLacking(d, this.#intents());
    if (intent) throw this.#refusal("refused", `the session lacks the intent ${intent}`);
  }

  #encode({ op, d }: ShardPayload): string {
    if (!isCommandOp(op)) {
      throw this.#refusal(
        "refused",
        `op ${op} is the session's own, or none; expected a command's`,
      );
    }
    const text = writeExact({ op, d });
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > MAX_COMMAND_BYTES) {
      throw this.#refusal("too_large", `it has ${bytes} bytes, Discord takes ${MAX_COMMAND_BYTES}`);
    }
    return text;
  }

  #drain(): void {
    // A turn may ask for the next one.
    if (!this.#open || this.#isDraining) return;
    this.#isDraining = true;
    // Set again: the bot need not wait for as long as the background does.
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const waitMs = this.#sendAllowed(this.#open);
    this.#isDraining = false;
    if (waitMs > 0) this.#cancelTimer = this.#clock.after(waitMs, () => this.#drain());
  }

  /** Sends until nothing waits (0) or until the window is used up (for so long). */
  #sendAllowed({ write, window }: Open): number {
    while (this.#waiting.length + this.#background.length > 0) {
      const spare = this.#waiting.length > 0 ? 0 : BOTS_SHARE;
      const waitMs = window.waitMs(this.#clock.now(), spare);
      if (waitMs > 0) return waitMs;
      const next = this.#waiting.shift();
      next?.cancelDeadline();
      try {
        const text = next ? next.text() : this.#made(this.#background.shift()!);
        if (text !== null) {
          window.note(this.#clock.now());
          write(text);
        }
        next?.settle();
      } catch (error) {
        if (!next || !(error instanceof GatehouseError)) throw error;
        next.settle(error);
      }
    }
    return 0;
  }

  #refusal(code: "refused" | "too_large" | "deadline" | "not_ready", why: string): GatehouseError {
    const text = `Cannot send to shard ${this.#shardId}: ${why}`;
    return new GatehouseError(code, code === "not_ready" ? "host" : "caller", text, {
      shardId: this.#shardId,
    });
  }
}
