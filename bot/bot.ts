/**
 * What a cluster runs. `defineBot` and `discordenoBot` make one; any other library can be plugged in
 * by making the same object.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { Wanted } from "../protocol/link_call.ts";
import type { Log } from "../ports/log.ts";
import type { GatewayHelpers } from "./gateway_helpers.ts";
import type { Ipc } from "./ipc.ts";
import type { Rest } from "./rest.ts";

/** What a bot has from the moment it starts. */
export interface BotContext {
  /** Discord's API, through the unit. */
  readonly rest: Rest;
  /** The cluster's number; −1 in a service, which has no shards and whose name is `service`. */
  readonly cluster: { readonly id: number; readonly service?: string };
  /** Commands to other clusters and to services. */
  readonly ipc: Ipc;
  /** What Discord's gateway is told: presence, voice, members. */
  readonly gateway: GatewayHelpers;
  /** Lines of the bot in the unit's log. */
  readonly log: Log;
}

/** What a bot has with each event. */
export interface EventContext extends BotContext {
  readonly shardId: number;
  /** Of how many shards that is one: while the bot moves to another total, shards of both bring events. */
  readonly totalShards: number;
  /**
   * The trace that the event is in, as a `traceparent`: spans of yours below it stand beside how it was delivered,
   * where the unit followed it. `null` for one that comes late, after its shard went to another unit.
   */
  traceparent(): string | null;
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
  /**
   * Called once, before the first event and before the link to the unit: an answer to a command must
   * not be waited for here. A cluster whose bot cannot start ends, and is restarted.
   */
  start?(context: BotContext): void | Promise<void>;
  /** Called once when the cluster stops, after the last event. */
  shutdown?(): void | Promise<void>;
  /** Every cluster has been connected and its shards ready: called once in the life of this cluster. */
  allClustersReady?(context: BotContext): unknown;
  /**
   * All members of this cluster's guilds have come (`false`), or of every cluster's (`true`). A service
   * is called once, without a value.
   */
  allMembersCached?(all: boolean | undefined, context: BotContext): unknown;
  /** Deals with a command. A receptive one is answered with what this gives: see {@linkcode Answers}. */
  handleCommand?(data: unknown, receptive: boolean, context: CommandContext): unknown;
  /** Merged into what this cluster's `stats` say. */
  getStats?(context: BotContext): object | Promise<object>;
  /** What it knows of a guild, channel, user or member; `undefined` or `null` where nothing. */
  find?(wanted: Wanted, context: BotContext): unknown;
}

/** How a command is answered: `return asResponse(value)` or `return asError(error)`. */
export interface Answers {
  asResponse(value: unknown): CommandAnswer;
  asError(error: unknown): CommandAnswer;
}

/** What a bot has with each command: how to answer, and whatever it has with an event. */
export interface CommandContext extends BotContext, Answers {}

/** An answer to a command. Whatever else `handleCommand` returns is a response, too. */
export class CommandAnswer {
  /** @param value The response, or the error that the caller's promise is rejected with. */
  constructor(readonly kind: "response" | "error", readonly value: unknown) {}
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
  const text = `Cannot run ${name}: it ${found}, expected: export default defineBot({ … })`;
  throw new GatehouseError("bad_config", "caller", text);
}
