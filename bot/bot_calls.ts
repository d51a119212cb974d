/**
 * A bot's end of the calls: makes those that the bot wants, answers those of the unit. The other end is
 * `switchboard.ts` in the unit.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import { COMMAND_TIMEOUT_MS } from "../protocol/command.ts";
import { BARE_FIGURES, type LinkCall, type LinkReply, type Wanted } from "../protocol/link_call.ts";
import { decodeValue, encodeValue } from "../protocol/value.ts";
import type { Asks } from "../ports/asks.ts";
import type { Clock } from "../ports/clock.ts";
import { linkAsks, replyTo } from "../ports/link_asks.ts";
import type { Log } from "../ports/log.ts";
import { type Answers, type Bot, type BotContext, CommandAnswer } from "./bot.ts";
import { type GatewayHelpers, gatewayHelpers, type RequestedMembers } from "./gateway_helpers.ts";
import type { CallLine } from "./link/consumer_world.ts";
import { type Ipc, ipcOf } from "./ipc.ts";

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

/** For the way of an answer, and for a unit that is just being restarted. */
const GRACE_MS = 1_000;
/** Calls that wait for a link, at most. */
const MOST_WAITING = 10_000;

/** Told once in the life of a bot, however often the link is made anew. */
const ONCE: ReadonlySet<string> = new Set(["allClustersReady", "allMembersCached"]);

/** A link, as the calls need it. */
export type SendCall = (message: LinkCall | LinkReply) => void;

/** A link with a unit. */
interface Line {
  readonly send: SendCall;
  /** Questions that went over it. */
  readonly asked: Set<number>;
  /** When its unit was heard of last: of several the likeliest to live is the one that was last of all. */
  readonly heardMs: () => number;
}

/** The calls of one bot, over whichever link is up: of several units one is as good as another. */
export class BotCalls {
  /** What the bot has: set before the first link is up. */
  context!: BotContext;
  readonly #options: BotCallsOptions;
  readonly #asks: Asks<LinkReply>;
  /** Calls of a time without a link, in order. */
  readonly #waiting: LinkCall[] = [];
  readonly #told = new Set<string>();
  readonly #lines = new Set<Line>();
  #totalShards: number | null = null;

  constructor(options: BotCallsOptions) {
    this.#options = options;
    this.#asks = linkAsks(options.clock);
  }

  /** Commands. */
  get ipc(): Ipc {
    return ipcOf({
      command: (to, data, { receptive, timeout }) => {
        const call = { verb: "command", receptive, value: encodeValue(data), to } as const;
        return this.#call({ ...call, timeoutMs: timeout }, timeout);
      },
      unit: (...asked) => this.#unit(...asked),
    });
  }

  /** What the gateway is told, through the unit. */
  get gateway(): GatewayHelpers {
    return gatewayHelpers({
      totalShards: () => this.#requireShards(),
      shardIds: () => this.#unit({ method: "shardIds" }) as Promise<number[]>,
      sendPayload: async (shardId, payload) =>
        void await this.#unit({ method: "sendPayload", shardId, payload }),
      requestMembers: async (shardId, request) =>
        await this.#unit(
          { method: "requestMembers", shardId, request },
          MEMBERS_TIMEOUT_MS,
        ) as RequestedMembers,
    });
  }

  /** A unit has welcomed a link: what comes over it is told to what this gives. */
  up(send: SendCall, totalShards: number, heardMs: () => number = () => 0): CallLine {
    const line: Line = { send, asked: new Set(), heardMs };
    this.#totalShards = totalShards;
    this.#lines.add(line);
    for (const call of this.#waiting.splice(0)) {
      // Whoever has given up meanwhile does not want it done any more.
      if (!call.receptive || this.#asks.has(call.id)) this.#sayOver(line, call);
    }
    return {
      shardsAre: (totalShards) => void (this.#totalShards = totalShards),
      receive: (message) => this.#receive(line, message),
      down: () => this.#down(line),
    };
  }

  /** What was asked over it will not be answered; what waits for the next can be. */
  #down(line: Line): void {
    this.#lines.delete(line);
    const others = [...this.#lines].flatMap(({ asked }) => [...asked]);
    const waiting = this.#waiting.map(({ id }) => id);
    this.#asks.drop("the unit is away", new Set([...others, ...waiting]));
  }

  #receive(line: Line, message: LinkCall | LinkReply): void {
    if (message.op === "reply") this.#asks.settle(message.id, message);
    // The answer goes back where the question came from, though that may be gone by then.
    else this.#answer(message, (reply) => void (this.#lines.has(line) && line.send(reply)));
  }

  /** Calls a method of the unit. */
  // deno-lint-ignore require-await -- what is thrown becomes a rejection
  async #unit(request: object, timeoutMs = COMMAND_TIMEOUT_MS): Promise<unknown> {
    return this.#call({ verb: "unit", receptive: true, value: encodeValue(request) }, timeoutMs);
  }

  #call(call: Omit<LinkCall, "op" | "id">, timeoutMs: number): Promise<unknown> {
    const say = (id: number) => this.#say({ op: "call", id, ...call });
    // The unit's own deadline comes first, and says who did not answer.
    if (call.receptive) return this.#ask(say, timeoutMs + GRACE_MS);
    say(0);
    return Promise.resolve();
  }

  #ask(say: (id: number) => void, timeoutMs: number): Promise<unknown> {
    let asked = 0;
    const answer = this.#asks.ask("the unit", timeoutMs, (id) => say(asked = id));
    const over = () => this.#lines.forEach((line) => line.asked.delete(asked));
    answer.then(over, over);
    return answer;
  }

  #say(call: LinkCall): void {
    const [first, ...others] = this.#lines;
    if (first) {
      const line = others.reduce((a, b) => b.heardMs() > a.heardMs() ? b : a, first);
      return this.#sayOver(line, call);
    }
    this.#waiting.push(call);
    if (this.#waiting.length > MOST_WAITING) {
      const text = "Cannot reach the unit: it is away, and too many calls wait";
      this.#asks.fail(this.#waiting.shift()!.id, new GatehouseError("away", "peer", text));
    }
  }

  #sayOver({ asked, send }: Line, call: LinkCall): void {
    if (call.receptive) asked.add(call.id);
    send(call);
  }

  async #answer(call: LinkCall, send: SendCall): Promise<void> {
    if (ONCE.has(call.verb)) {
      const what = `${call.verb} ${JSON.stringify(call.value)}`;
      if (this.#told.has(what)) return;
      this.#told.add(what);
    }
    await replyTo(call, {
      work: () => answerCall(this.#options, this.context, call),
      encode: encodeValue,
      send,
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
      return { ...figures(), ...value !== BARE_FIGURES && await ownStats(bot, context) };
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
