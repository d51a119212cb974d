/**
 * Endpoints of channels: the channel itself, typing, pins.
 * See [Discord Docs/Channel](https://discord.com/developers/docs/resources/channel).
 *
 * @module
 */

import { audit, type Call, channelOf, DONE, ok, type Reply } from "../call.ts";
import { invalidForm, RestError } from "../error.ts";
import type { LimitName } from "../limits.ts";
import { messageOf } from "./messages.ts";
import { timestamp } from "../messages.ts";
import { always, type Route } from "../route.ts";

const CHANNEL = "/channels/:channel_id";
const MOST_PINS = 250;
/** Audit log: CHANNEL_UPDATE, MESSAGE_PIN, MESSAGE_UNPIN. */
const ACTION = { EDIT: 11, PIN: 74, UNPIN: 75 } as const;

/** GET and PATCH of a channel, typing, and pins under their new and their old paths. */
export const channelRoutes: readonly Route[] = [
  { method: "GET", template: CHANNEL, auth: "bot", answer: (call) => ok(channelOf(call)) },
  { method: "PATCH", template: CHANNEL, auth: "bot", limits: editLimits, answer: edit },
  {
    method: "POST",
    template: `${CHANNEL}/typing`,
    auth: "bot",
    limits: always("typing"),
    answer: type,
  },
  pin("GET", "/messages/pins", listPins),
  pin("PUT", "/messages/pins/:message_id", addPin),
  pin("DELETE", "/messages/pins/:message_id", removePin),
  pin("GET", "/pins", (call) => ok(pinned(call))),
  pin("PUT", "/pins/:message_id", addPin),
  pin("DELETE", "/pins/:message_id", removePin),
];

function pin(method: Route["method"], path: string, answer: Route["answer"]): Route {
  return { method, template: CHANNEL + path, auth: "bot", limits: always("pins"), answer };
}

/** Name and topic have hidden limits of their own: no header tells of them. */
function editLimits({ form: { fields } }: Call): LimitName[] {
  const limits: LimitName[] = ["channel_edit"];
  if ("name" in fields) limits.push("channel_name");
  if ("topic" in fields) limits.push("channel_topic");
  return limits;
}

function edit(call: Call): Reply {
  const channel = channelOf(call);
  const { name, topic, nsfw, rate_limit_per_user: slowmode } = call.form.fields;
  if (name !== undefined && (typeof name !== "string" || name.length < 1 || name.length > 100)) {
    throw invalidForm("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.");
  }
  if (name !== undefined) channel.name = name;
  if (typeof topic === "string" || topic === null) channel.topic = topic;
  if (typeof nsfw === "boolean") channel.nsfw = nsfw;
  if (typeof slowmode === "number") channel.rate_limit_per_user = slowmode;
  if (channel.guild_id) {
    call.world.emit("CHANNEL_UPDATE", channel.guild_id, { ...channel });
    audit(call, channel.guild_id, ACTION.EDIT, channel.id);
  }
  return ok({ ...channel });
}

function type(call: Call): Reply {
  const { id, guild_id } = channelOf(call);
  call.world.emit("TYPING_START", guild_id ?? null, {
    channel_id: id,
    user_id: call.world.user.id,
    timestamp: Math.floor(call.clock.epochMs() / 1000),
    ...(guild_id && { guild_id }),
  });
  return DONE;
}

function pinned(call: Call) {
  return call.messages.list(channelOf(call).id).filter((message) => message.pinned).reverse();
}

function listPins(call: Call): Reply {
  const items = pinned(call).map((message) => ({ pinned_at: call.pins.get(message.id), message }));
  return ok({ items, has_more: false });
}

function addPin(call: Call): Reply {
  const message = messageOf(call);
  if (!message.pinned && pinned(call).length >= MOST_PINS) {
    throw new RestError(400, 30003, `Maximum number of pins reached (${MOST_PINS})`);
  }
  return setPin(call, true, ACTION.PIN);
}

function removePin(call: Call): Reply {
  return setPin(call, false, ACTION.UNPIN);
}

function setPin(call: Call, isPinned: boolean, action: number): Reply {
  const channel = channelOf(call);
  const message = messageOf(call);
  if (message.pinned === isPinned) return DONE;
  const now = timestamp(call.clock);
  call.pins.set(message.id, now);
  const { edited_timestamp } = message;
  call.messages.edit(channel, message, { pinned: isPinned, edited_timestamp });
  const { id, guild_id } = channel;
  call.world.emit("CHANNEL_PINS_UPDATE", guild_id ?? null, {
    channel_id: id,
    last_pin_timestamp: isPinned ? now : null,
    ...(guild_id && { guild_id }),
  });
  if (guild_id) audit(call, guild_id, action, message.author.id);
  return DONE;
}
