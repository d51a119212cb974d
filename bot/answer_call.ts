/**
 * What a bot or service answers when the unit calls.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { LinkCall } from "../protocol/link_call.ts";
import { decodeValue } from "../protocol/value.ts";
import type { Wanted } from "../protocol/wanted.ts";
import { type Answers, type Bot, type BotContext, CommandAnswer } from "./bot.ts";

/** What the process itself can say of its use of memory and processor. */
export type ProcessFigures = () => object;

/** What is called upon. */
export interface Called {
  readonly bot: Bot;
  readonly context: BotContext;
  readonly figures: ProcessFigures;
}

const ANSWERS: Answers = {
  asResponse: (value) => new CommandAnswer("response", value),
  asError: (error) => new CommandAnswer("error", error),
};

/** Does what a call asks for. Rejects with what the bot throws, or answers as its error. */
export async function answerCall({ bot, context, figures }: Called, call: LinkCall) {
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
      throw new GatehouseError(
        "bad_message",
        "peer",
        `Cannot answer: ${nameOf(context)} does not know ${call.verb}`,
      );
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
  if (!bot.handleCommand) {
    throw new GatehouseError("refused", "peer", `Cannot answer: ${name} has no handleCommand`);
  }
  const returned = await bot.handleCommand(data, receptive, { ...context, ...ANSWERS });
  if (!(returned instanceof CommandAnswer)) {
    if (returned !== undefined || !receptive) return returned;
    const text = `Cannot answer: handleCommand of ${name} returned nothing`;
    throw new GatehouseError("refused", "peer", `${text}, expected asResponse(…) or asError(…)`);
  }
  if (returned.kind === "error") throw returned.value;
  return returned.value;
}

function nameOf({ cluster: { id, service } }: BotContext): string {
  return service === undefined ? `cluster ${id}` : `service ${service}`;
}
