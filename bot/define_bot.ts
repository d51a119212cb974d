/**
 * A bot made of functions, one per event.
 *
 * @module
 */

import type { Bot, EventContext } from "./bot.ts";
import type { Dispatches } from "./dispatches.ts";

/** Name of an event; any other text is one too, with a payload of type `unknown`. */
export type EventName = keyof Dispatches | (string & Record<never, never>);

/** The functions of a bot by event name. */
export type EventHandlers<Name extends EventName> = {
  [Key in Name]: (
    data: Key extends keyof Dispatches ? Dispatches[Key] : unknown,
    context: EventContext,
  ) => unknown;
};

/** What a bot is made of. */
export interface BotDefinition<Name extends EventName> extends Hooks {
  /**
   * Called with the payload's `d` as Discord sent it, in order per shard, without waiting for the one
   * before. The event is acknowledged when the promise settles.
   */
  readonly events: EventHandlers<Name>;
}

/** What bots and services have in common: each as {@linkcode Bot} says. */
export type Hooks = Omit<Bot, "wants" | "handle">;

/**
 * A bot for a cluster: what a `BOT_MODULE` exports by default.
 *
 * @example
 * ```ts
 * import { defineBot } from "./define_bot.ts";
 * export default defineBot({
 *   events: {
 *     async MESSAGE_CREATE(message, { rest }) {
 *       if (message.content !== "!ping") return;
 *       await rest.post(`/channels/${message.channel_id}/messages`, { content: "pong" });
 *     },
 *   },
 * });
 * ```
 */
export function defineBot<Name extends EventName>(definition: BotDefinition<Name>): Bot {
  const events = definition.events as Record<
    string,
    ((data: unknown, context: EventContext) => unknown) | undefined
  >;
  const bot: Bot = {
    wants: (name) => Object.hasOwn(events, name) && events[name] !== undefined,
    handle: ({ t, d }, context) => events[t]!(d, context),
  };
  return Object.assign(bot, hooksOf(definition));
}

/**
 * A service: code without shards, with a name, that clusters and others send commands to. What a module
 * in `SERVICES` exports by default.
 *
 * @example
 * ```ts
 * import { defineService } from "./define_bot.ts";
 * let counted = 0;
 * export default defineService({
 *   handleCommand(data, receptive, { asResponse }) {
 *     return asResponse(++counted);
 *   },
 * });
 * ```
 */
export function defineService(definition: Hooks): Bot {
  return Object.assign({ wants: () => false, handle() {} }, hooksOf(definition));
}

const HOOKS: readonly (keyof Hooks)[] = [
  "start",
  "shutdown",
  "allClustersReady",
  "allMembersCached",
  "handleCommand",
  "getStats",
  "find",
];

/**
 * The hooks that are there, each called on the definition, so that `this` is what its author
 * thinks.
 */
export function hooksOf(definition: Hooks): Hooks {
  const hooks: Record<string, unknown> = {};
  for (const name of HOOKS) {
    const hook = definition[name] as ((...args: unknown[]) => unknown) | undefined;
    if (hook) hooks[name] = (...args: unknown[]) => hook.apply(definition, args);
  }
  return hooks;
}
