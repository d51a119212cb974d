/**
 * A bot's end of the calls: makes those that the bot wants, answers those of the unit.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import type { LinkCall, LinkReply } from "../protocol/link_call.ts";
import { decodeValue, encodeValue } from "../protocol/value.ts";
import type { Clock } from "../ports/clock.ts";
import { replyTo } from "../ports/link_asks.ts";
import type { Log } from "../ports/log.ts";
import type { Wanted } from "../protocol/wanted.ts";
import { type Answers, type Bot, type BotContext, CommandAnswer } from "./bot.ts";
import { type GatewayHelpers, gatewayHelpers, type RequestedMembers } from "./gateway_helpers.ts";
import { type Ipc, IpcCalls, type SendCall } from "./ipc.ts";

/** What it needs. */
export interface BotCallsOptions {
  readonly bot: Bot;
  readonly clock: Clock;
  readonly log: Log;
  /** What the process itself can say of its use of memory and processor. */
  readonly figures: () => object;
}

/** The request has a deadline of its own, in the worker; this is for a unit that is gone. */
const MEMBERS_TIMEOUT_MS = 610_000;

/** Told once in the life of a bot, however often the link is made anew. */
const ONCE: ReadonlySet<string> = new Set(["allClustersReady", "allMembersCached"]);

/** The calls of one bot, over whichever link is up. */
export class BotCalls {
  /** What the bot has: set before the first link is up. */
  context!: BotContext;
  readonly #options: BotCallsOptions;
  readonly #calls: IpcCalls;
  readonly #told = new Set<string>();
  #send: SendCall = () => {};
  #totalShards: number | null = null;

  constructor(options: BotCallsOptions) {
    this.#options = options;
    this.#calls = new IpcCalls(options.clock);
  }

  /** Commands. */
  get ipc(): Ipc {
    return this.#calls.ipc;
  }

  /** What the gateway is told, through the unit. */
  get gateway(): GatewayHelpers {
    const calls = this.#calls;
    return gatewayHelpers({
      totalShards: () => this.#requireShards(),
      shardIds: () => calls.unit({ method: "shardIds" }) as Promise<number[]>,
      sendPayload: async (shardId, payload) => {
        await calls.unit({ method: "sendPayload", shardId, payload });
      },
      requestMembers: (shardId, request) =>
        calls.unit(
          { method: "requestMembers", shardId, request },
          MEMBERS_TIMEOUT_MS,
        ) as Promise<RequestedMembers>,
    });
  }

  /** The unit has welcomed a link. */
  up(send: SendCall, totalShards: number): void {
    this.#totalShards = totalShards;
    this.#send = send;
    this.#calls.up(send);
  }

  /** The link is gone. */
  down(): void {
    this.#calls.down();
  }

  /** The unit calls, or replies. */
  receive(message: LinkCall | LinkReply): void {
    if (message.op === "reply") this.#calls.reply(message);
    else this.#answer(message);
  }

  async #answer(call: LinkCall): Promise<void> {
    if (ONCE.has(call.verb)) {
      const what = `${call.verb} ${JSON.stringify(call.value)}`;
      if (this.#told.has(what)) return;
      this.#told.add(what);
    }
    await replyTo(call, {
      work: () => answerCall(this.#options, this.context, call),
      encode: encodeValue,
      send: this.#send,
      unheard: (error) => {
        const stack = error instanceof Error ? error.stack : undefined;
        this.#options.log.error("call failed", { verb: call.verb, error: messageOf(error), stack });
      },
    });
  }

  #requireShards(): number {
    if (this.#totalShards !== null) return this.#totalShards;
    const text = "Cannot tell a guild's shard: the unit has not said yet how many there are";
    throw new GatehouseError("not_ready", "caller", text);
  }
}

const ANSWERS: Answers = {
  asResponse: (value) => new CommandAnswer("response", value),
  asError: (error) => new CommandAnswer("error", error),
};

/** Does what a call asks for. Rejects with what the bot throws, or answers as its error. */
export async function answerCall(
  { bot, figures }: Pick<BotCallsOptions, "bot" | "figures">,
  context: BotContext,
  call: LinkCall,
) {
  const value = decodeValue(call.value);
  switch (call.verb) {
    case "command":
      return await command(bot, value, call.receptive, context);
    case "stats":
      return { ...figures(), ...await ownStats(bot, context) };
    case "find":
      return await bot.find?.(value as Wanted, context) ?? null;
    case "allClustersReady":
      return void await bot.allClustersReady?.(context);
    case "allMembersCached":
      return void await bot.allMembersCached?.(value as boolean | undefined, context);
    default:
      throw cannot("bad_message", `${nameOf(context)} does not know ${call.verb}`);
  }
}

async function ownStats(bot: Bot, context: BotContext): Promise<object> {
  const stats: unknown = await bot.getStats?.(context) ?? {};
  if (typeof stats === "object" && !Array.isArray(stats)) return stats!;
  const what = Array.isArray(stats) ? "a list" : `a ${typeof stats}`;
  return { error: `getStats() of ${nameOf(context)}: expected an object, received ${what}` };
}

async function command(bot: Bot, data: unknown, receptive: boolean, context: BotContext) {
  const name = nameOf(context);
  if (!bot.handleCommand) throw cannot("refused", `${name} has no handleCommand`);
  const returned = await bot.handleCommand(data, receptive, { ...context, ...ANSWERS });
  if (!(returned instanceof CommandAnswer)) {
    if (returned !== undefined || !receptive) return returned;
    const found = `handleCommand of ${name} returned nothing`;
    throw cannot("refused", `${found}, expected asResponse(…) or asError(…)`);
  }
  if (returned.kind === "error") throw returned.value;
  return returned.value;
}

function nameOf({ cluster: { id, service } }: BotContext): string {
  return service === undefined ? `cluster ${id}` : `service ${service}`;
}

function cannot(code: "bad_message" | "refused", why: string): GatehouseError {
  return new GatehouseError(code, "peer", `Cannot answer: ${why}`);
}
