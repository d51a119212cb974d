/**
 * What a cluster runs. `defineBot` and `discordenoBot` make one; any other library can be plugged in
 * by making the same object.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { Log } from "../ports/log.ts";
import type { Rest } from "./rest.ts";

/** What a bot has from the moment it starts. */
export interface BotContext {
  /** Discord's API, through the unit. */
  readonly rest: Rest;
  readonly cluster: { readonly id: number };
  /** Lines of the bot in the unit's log. */
  readonly log: Log;
}

/** What a bot has with each event. */
export interface EventContext extends BotContext {
  readonly shardId: number;
}

/** A gateway payload, parsed, as Discord sent it. */
export interface EventPayload {
  readonly op: number;
  readonly t: string;
  readonly s: number | null;
  readonly d: unknown;
}

/** A bot as a cluster sees it. */
export interface Bot {
  /** Whether it listens to events of this name. The others are neither parsed nor delivered. */
  wants(name: string): boolean;
  /**
   * Deals with an event. It is acknowledged when the promise settles, or at once where there is
   * none; what is thrown is logged, and the event counts as dealt with.
   */
  handle(payload: EventPayload, context: EventContext): unknown;
  /** Called once, before the first event. A cluster whose bot cannot start ends, and is restarted. */
  start?(context: BotContext): void | Promise<void>;
  /** Called once when the cluster stops, after the last event. */
  shutdown?(): void | Promise<void>;
}

/**
 * The default export of a bot's module.
 *
 * @throws {GatehouseError} `bad_config` when it is no bot.
 */
export function botOf(module: unknown, name: string): Bot {
  const bot = (module as { default?: unknown }).default;
  const { wants, handle } = (bot ?? {}) as Partial<Bot>;
  if (typeof wants === "function" && typeof handle === "function") return bot as Bot;
  const found = bot === undefined ? "has no default export" : "exports something else by default";
  throw new GatehouseError(
    "bad_config",
    "caller",
    `Cannot run ${name}: it ${found}, expected: export default defineBot({ … })`,
  );
}
