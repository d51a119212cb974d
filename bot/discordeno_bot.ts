/**
 * A bot made with `createBot` of `@discordeno/bot` 21, as a bot for a cluster. The package is the
 * author's own: only its shape is known here.
 *
 * @module
 */

import type { Bot, BotContext, EventPayload } from "./bot.ts";
import { type Hooks, hooksOf } from "./define_bot.ts";
import type { NotedInteraction } from "./dispatches.ts";
import type { GatewayHelpers, MemberRequest } from "./gateway_helpers.ts";

/**
 * What goes where `createBot` insists on a token: it names no bot and opens nothing. The id of the
 * bot is asked of the unit when the cluster starts.
 */
export const NO_TOKEN = "MA";

/** What is used of a `createBot(…)`. */
export interface DiscordenoBot {
  id: bigint;
  applicationId: bigint;
  readonly rest: {
    applicationId: bigint;
    authorization?: string | undefined;
    authorizationHeader: string;
    baseUrl: string;
    isProxied: boolean;
  };
  readonly events: object;
  readonly handlers: object;
  /** Its helpers are replaced by the unit's: the shards are there. */
  readonly gateway?: object;
}

type GatewayHandler = (bot: DiscordenoBot, data: EventPayload, shardId: number) => unknown;
interface RawEvents {
  raw?(data: EventPayload, shardId: number): unknown;
  dispatchRequirements?(data: EventPayload, shardId: number): unknown;
}

/**
 * Runs a Discordeno bot in a cluster: `export default discordenoBot(createBot({ … }))`. Its REST goes
 * through the unit; its `start()` is never called. `events.raw` also gets `GATEHOUSE_GAP` and
 * `GATEHOUSE_GUILD_MOVED`.
 *
 * An event is acknowledged when every function that the bot called for it has settled. An interaction
 * that was deferred or answered while the bot was away comes as `acknowledged`: its `respond()` edits
 * the deferral, or follows up.
 *
 * `bot.gateway`'s helpers (`editBotStatus`, `editShardStatus`, `joinVoiceChannel`,
 * `leaveVoiceChannel`, `requestMembers`, `calculateShardId`, `sendPayload`) go through the unit, too.
 * `requestMembers` gives the members alone, camelized, and never an empty list for want of
 * `cache.requestMembers`.
 *
 * @param hooks Commands, statistics and the like: see {@linkcode Hooks}.
 */
export function discordenoBot(bot: DiscordenoBot, hooks: Hooks = {}): Bot {
  return {
    wants: (name) => name in bot.handlers || "raw" in bot.events,
    handle: (payload, { shardId }) => handle(bot, payload, shardId),
    ...hooksOf(hooks),
    async start(context) {
      await attach(bot, context);
      await hooks.start?.(context);
    },
  };
}

async function attach(bot: DiscordenoBot, { rest, gateway }: BotContext): Promise<void> {
  if (bot.gateway) Object.assign(bot.gateway, gateway, { requestMembers: membersOf(gateway) });
  bot.rest.baseUrl = rest.baseUrl.replace(/\/v\d+$/, "");
  bot.rest.authorization = rest.authorization;
  bot.rest.authorizationHeader = "authorization";
  bot.rest.isProxied = true;
  if (bot.id !== 0n) return;
  const { id } = await rest.get("/users/@me") as { id: string };
  bot.id = BigInt(id);
  // Only bots from before 2016 have an application id of their own; they name it to createBot.
  if (bot.applicationId === 0n) bot.applicationId = bot.id;
  if (bot.rest.applicationId === 0n) bot.rest.applicationId = bot.applicationId;
}

/** As Discordeno's own: its type promises the members alone, under its own names. */
function membersOf(gateway: GatewayHelpers) {
  // The nonce is the unit's own: by it, it finds the chunks.
  type Request = MemberRequest & { readonly nonce?: string };
  return async (guildId: string | bigint, { nonce: _, ...request }: Request = {}) => {
    const { members } = await gateway.requestMembers(guildId, request);
    return camelize(members);
  };
}

/** What `camelize` of `@discordeno/utils` gives. */
function camelize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelize);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      camelize(field),
    ]),
  );
}

async function handle(bot: DiscordenoBot, payload: EventPayload, shardId: number): Promise<void> {
  const running: unknown[] = [];
  const { events, watched } = watch(bot, running, isAnswered(payload));
  events.raw?.(payload, shardId);
  await events.dispatchRequirements?.(payload, shardId);
  const handler = (bot.handlers as Record<string, GatewayHandler | undefined>)[payload.t];
  await handler?.(watched, payload, shardId);
  const results = await Promise.allSettled(running);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

/**
 * The bot as its gateway handlers see it for one event: they call the author's functions without
 * waiting, and we must know when those are done.
 */
function watch(bot: DiscordenoBot, running: unknown[], isAnswered: boolean) {
  const events: RawEvents = new Proxy(bot.events, {
    get(target, name) {
      const run = Reflect.get(target, name);
      if (typeof run !== "function") return run;
      return (...args: unknown[]) => {
        if (isAnswered && name === "interactionCreate") Object.assign(args[0]!, ACKNOWLEDGED);
        const result = run.apply(target, args);
        running.push(result);
        return result;
      };
    },
  });
  const watched = new Proxy(bot, {
    get: (target, name) => name === "events" ? events : Reflect.get(target, name),
  });
  return { events, watched };
}

/** What Discordeno sets on an interaction once it has its first response. */
const ACKNOWLEDGED = { acknowledged: true };

/** Whether the payload is an interaction that has its first response. */
function isAnswered({ d }: EventPayload): boolean {
  return (d as Partial<NotedInteraction> | null)?.gatehouse?.answered !== undefined;
}
