/**
 * `WORKER_MODULE`: functions of the user's that run in each shard worker, beside the shards. They come
 * from a module, because functions do not cross threads.
 *
 * @module
 */

import type { Log } from "../ports/log.ts";
import { loadModule } from "../ports/user_module.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";
import { writeExact } from "../protocol/json.ts";
import type { DispatchFilter } from "../intake/edits.ts";
import type { ShardWorld } from "../gateway/shard_world.ts";
import type { EventFilter } from "../intake/intake.ts";

/** An event on its way to the bot. */
export interface WorkerEvent {
  readonly shardId: number;
  /** Name of the event. */
  readonly t: string;
  /** The whole payload as Discord sent it, in UTF-8; the bytes are good for the length of the call. */
  readonly payload: Uint8Array;
}

/** A heartbeat that is due. */
export interface DueBeat {
  readonly shardId: number;
  readonly send: () => void;
}

/** What may be replaced in a worker. Each is called on the hot path: be quick, and do not wait. */
export interface WorkerHooks {
  /**
   * Whether the bot is to get an event; `false` withholds it, anything else delivers it, also what is
   * thrown and a promise. Gatehouse itself takes note of what is withheld: shards and guilds are as ever.
   */
  handleMessage?(event: WorkerEvent): boolean | void;
  /**
   * The presence that a shard identifies with; `undefined` for none. See
   * [Discord Docs/Update Presence](https://discord.com/developers/docs/events/gateway-events#update-presence).
   */
  makePresence?(shardId: number): object | undefined;
  /**
   * A heartbeat is due: in place of sending it at once. `send` sends it, once, also later, until the
   * next is due. One that is not sent has no answer, and a connection without answers is taken for
   * dead: its session resumes on another. What is thrown sends it.
   */
  heartbeat?(beat: DueBeat): void;
  /** A heartbeat was answered, `latencyMs` after it was due. */
  heartbeatAck?(beat: { readonly shardId: number; readonly latencyMs: number }): void;
}

/**
 * The default export of a worker module, with its types.
 *
 * @example
 * ```ts
 * import { defineWorker } from "./worker_hooks.ts";
 * export default defineWorker({
 *   makePresence: (shardId) => ({ status: "online", activities: [{ name: `shard ${shardId}`, type: 0 }] }),
 *   handleMessage: ({ t }) => t !== "TYPING_START",
 * });
 * ```
 */
export function defineWorker(hooks: WorkerHooks): WorkerHooks {
  return hooks;
}

const NAMES = ["handleMessage", "makePresence", "heartbeat", "heartbeatAck"] as const;

/**
 * The hooks of a module, each made safe: what it throws is logged, and the default holds.
 *
 * @throws {GatehouseError} `bad_config` when the module exports none of them, or something else under
 * such a name, or cannot be loaded.
 */
export async function loadWorkerHooks(module: string | null, log: Log): Promise<WorkerHooks> {
  if (module === null) return {};
  const loaded = await loadModule(`WORKER_MODULE ${module}`, () => import(module));
  const { default: found } = loaded as { default?: WorkerHooks };
  const given = NAMES.filter((name) => found?.[name] !== undefined);
  const wrong = given.filter((name) => typeof found![name] !== "function");
  if (given.length === 0 || wrong.length > 0) {
    const what = wrong.length > 0 ? `${wrong.join(", ")} is no function` : "it has no hook";
    const text =
      `Cannot use WORKER_MODULE ${module}: ${what}, expected: export default defineWorker`;
    throw new GatehouseError("bad_config", "caller", `${text}({ ${NAMES.join(", ")} })`);
  }
  return Object.fromEntries(given.map((name) => [name, safe(name, found!, log)]));
}

/**
 * One filter of two: what `EDITED_MESSAGES` withholds is not shown to the hook. `null` where there is
 * neither.
 */
export function eventFilter(edits: DispatchFilter | null, hooks: WorkerHooks): EventFilter | null {
  const { handleMessage } = hooks;
  if (!handleMessage) return edits;
  return (t, payload, shardId) =>
    edits?.(t, payload) !== false && handleMessage({ shardId, t, payload }) !== false;
}

/** What the hooks are to a shard. */
export function shardHooks(
  { makePresence, heartbeat, heartbeatAck }: WorkerHooks,
): ShardHooks {
  return {
    ...(makePresence ? { presence: makePresence } : {}),
    ...(heartbeat ? { heartbeat: (shardId, send) => heartbeat({ shardId, send }) } : {}),
    ...(heartbeatAck
      ? { heartbeatAck: (shardId, latencyMs) => heartbeatAck({ shardId, latencyMs }) }
      : {}),
  };
}

type ShardHooks = Pick<ShardWorld, "presence" | "heartbeat" | "heartbeatAck">;

function safe(name: typeof NAMES[number], hooks: WorkerHooks, log: Log) {
  const hook = hooks[name] as (argument: unknown) => unknown;
  return (argument: unknown) => {
    const failed = (error: unknown): undefined => {
      log.error("a hook of WORKER_MODULE failed", { hook: name, error: messageOf(error) });
      if (name === "heartbeat") (argument as DueBeat).send();
    };
    try {
      const result = hook.call(hooks, argument);
      // A rejection that nobody handles would end the worker.
      if (result instanceof Promise) result.catch(failed);
      return name === "makePresence" ? presenceOf(result) : result;
    } catch (error) {
      return failed(error);
    }
  };
}

/** What cannot be a presence is refused here: in an IDENTIFY it would close the connection. */
function presenceOf(value: unknown): object | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || value instanceof Promise) {
    throw new TypeError("expected a presence or undefined, and no promise");
  }
  writeExact(value);
  return value;
}
