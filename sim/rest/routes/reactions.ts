/**
 * Endpoints of reactions.
 * See [Discord Docs/Message](https://discord.com/developers/docs/resources/message#create-reaction).
 *
 * @module
 */

import { type Call, channelOf, DONE, ok, param, type Reply } from "../call.ts";
import { RestError } from "../error.ts";
import type { ReactionCount, SimMessage } from "../message.ts";
import { messageOf } from "./messages.ts";
import { always, type Route } from "../route.ts";

const REACTIONS = "/channels/:channel_id/messages/:message_id/reactions";
const REACTION = `${REACTIONS}/:emoji`;

/** PUT, GET and DELETE of reactions. Only the bot reacts, so its own reaction is the only one. */
export const reactionRoutes: readonly Route[] = [
  write("PUT", `${REACTION}/@me`, add),
  write("DELETE", `${REACTION}/@me`, removeOwn),
  write("DELETE", `${REACTION}/:user_id`, removeOwn),
  write("DELETE", REACTION, removeEmoji),
  write("DELETE", REACTIONS, removeAll),
  { method: "GET", template: REACTION, auth: "bot", limits: always("reaction_read"), answer: list },
];

function write(method: Route["method"], template: string, answer: Route["answer"]): Route {
  return { method, template, auth: "bot", limits: always("reaction_write"), answer };
}

type Emoji = ReactionCount["emoji"];

/** `name:id`, or the character itself. @throws {RestError} 10014 */
function emojiOf(call: Call): Emoji {
  const text = param(call, "emoji");
  const custom = /^(?:a:)?(\w{2,32}):(\d+)$/.exec(text);
  if (custom) return { name: custom[1]!, id: custom[2]! };
  if (/^[\x20-\x7e]+$/.test(text)) throw new RestError(400, 10014, "Unknown Emoji");
  return { name: text, id: null };
}

/** The bot's own reaction, counted. */
const ONE = {
  count: 1,
  count_details: { normal: 1, burst: 0 },
  burst_colors: [],
  me: true,
  me_burst: false,
};

function add(call: Call): Reply {
  const message = messageOf(call);
  const emoji = emojiOf(call);
  if (find(message, emoji)) return DONE;
  const reactions = [...message.reactions ?? [], { emoji, ...ONE }];
  call.messages.set({ ...message, reactions });
  tell(call, "MESSAGE_REACTION_ADD", {
    user_id: call.world.user.id,
    emoji,
    message_author_id: message.author.id,
    burst: false,
    type: 0,
  });
  return DONE;
}

function removeOwn(call: Call): Reply {
  const message = messageOf(call);
  const emoji = emojiOf(call);
  const userId = call.params.user_id ?? call.world.user.id;
  if (userId === call.world.user.id && find(message, emoji)) {
    without(call, message, emoji);
    tell(call, "MESSAGE_REACTION_REMOVE", { user_id: userId, emoji, burst: false, type: 0 });
  }
  return DONE;
}

function removeEmoji(call: Call): Reply {
  const emoji = emojiOf(call);
  without(call, messageOf(call), emoji);
  tell(call, "MESSAGE_REACTION_REMOVE_EMOJI", { emoji });
  return DONE;
}

function removeAll(call: Call): Reply {
  const { reactions: _, ...message } = messageOf(call);
  call.messages.set(message);
  tell(call, "MESSAGE_REACTION_REMOVE_ALL", {});
  return DONE;
}

function list(call: Call): Reply {
  return ok(find(messageOf(call), emojiOf(call)) ? [call.world.user] : []);
}

function find(message: SimMessage, emoji: Emoji): ReactionCount | undefined {
  return message.reactions?.find((reaction) => isSame(reaction.emoji, emoji));
}

function without(call: Call, message: SimMessage, emoji: Emoji): void {
  const reactions = (message.reactions ?? []).filter((each) => !isSame(each.emoji, emoji));
  call.messages.set({ ...message, reactions });
}

function isSame(one: Emoji, other: Emoji): boolean {
  return one.id === other.id && (one.id !== null || one.name === other.name);
}

function tell(call: Call, t: string, d: Record<string, unknown>): void {
  const { id, guild_id } = channelOf(call);
  call.world.emit(t, guild_id ?? null, {
    ...d,
    channel_id: id,
    message_id: param(call, "message_id"),
    ...(guild_id && { guild_id }),
  });
}
