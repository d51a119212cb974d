/**
 * Endpoints of messages.
 * See [Discord Docs/Message](https://discord.com/developers/docs/resources/message).
 *
 * @module
 */

import { type Call, channelOf, DONE, ok, param, queryNumber, type Reply } from "../call.ts";
import type { SimChannel } from "../../world/guilds.ts";
import { invalidForm, RestError } from "../error.ts";
import { deleteLimit, OLD_MESSAGE_MS } from "../limits.ts";
import { ageMs, contentOf, MESSAGE_FLAG, type SimMessage } from "../message.ts";
import { always, type Route } from "../route.ts";

const MESSAGES = "/channels/:channel_id/messages";
const MESSAGE = `${MESSAGES}/:message_id`;

/** POST, GET, PATCH and DELETE of messages, one or many. */
export const messageRoutes: readonly Route[] = [
  {
    method: "POST",
    template: MESSAGES,
    auth: "bot",
    limits: always("message_create"),
    answer: post,
  },
  { method: "GET", template: MESSAGES, auth: "bot", limits: always("message_read"), answer: list },
  {
    method: "GET",
    template: MESSAGE,
    auth: "bot",
    limits: always("message_read"),
    answer: (call) => ok(messageOf(call)),
  },
  { method: "PATCH", template: MESSAGE, auth: "bot", limits: always("message_edit"), answer: edit },
  {
    method: "DELETE",
    template: MESSAGE,
    auth: "bot",
    limits: (call) => [deleteLimit(existingAgeMs(call))],
    answer: remove,
  },
  {
    method: "POST",
    template: `${MESSAGES}/bulk-delete`,
    auth: "bot",
    limits: always("bulk_delete"),
    answer: removeMany,
  },
];

/** The message in the path. @throws {RestError} 10003, 10008 */
export function messageOf(call: Call): SimMessage {
  return call.messages.get(channelOf(call).id, param(call, "message_id"));
}

/** How long a nonce that must be unique is remembered. */
const NONCE_MS = 300_000;

function post(call: Call): Reply {
  const channel = channelOf(call);
  const { nonce, tts, message_reference, enforce_nonce } = call.form.fields;
  if (enforce_nonce === true && nonce !== undefined) {
    const sent = call.messages.list(channel.id).findLast((message) =>
      message.nonce === nonce && ageMs(message.id, call.clock.epochMs())! < NONCE_MS
    );
    if (sent) return ok(sent);
  }
  const content = contentOf(call.form, channel, call.world.nextId);
  return ok(call.messages.create(channel, {
    ...content,
    flags: (content.flags ?? 0) & ~MESSAGE_FLAG.EPHEMERAL,
    tts: tts === true,
    ...(message_reference ? answering(call, channel, message_reference) : {}),
    ...(typeof nonce === "string" || typeof nonce === "number" ? { nonce } : {}),
  }));
}

/** What makes a message an answer to another, which is shown with it where it is still there. */
function answering(call: Call, { id, guild_id }: SimChannel, reference: unknown) {
  const message_reference = {
    type: 0,
    channel_id: id,
    ...(guild_id && { guild_id }),
    ...reference as object,
  };
  const { message_id } = message_reference as { message_id?: unknown };
  const { referenced_message: _, ...shown } = call.messages.find(id, String(message_id)) ??
    { id: null };
  const referenced_message = shown.id === null ? null : shown;
  return { message_reference, referenced_message, type: 19 } as Partial<SimMessage>;
}

function list(call: Call): Reply {
  const limit = queryNumber(call, "limit", { min: 1, max: 100, or: 50 });
  const after = call.query.get("after");
  const around = call.query.get("around");
  const before = call.query.get("before");
  const newest = call.messages.list(channelOf(call).id).reverse();
  if (around !== null) {
    const at = newest.findIndex(({ id }) => isOlder(id, around) || id === around);
    const from = Math.max(0, at - (limit >> 1));
    return ok(newest.slice(from, from + limit));
  }
  // `after` means the messages that follow directly, yet the newest of them comes first.
  if (after !== null) return ok(newest.filter(({ id }) => isOlder(after, id)).slice(-limit));
  const older = before === null ? newest : newest.filter(({ id }) => isOlder(id, before));
  return ok(older.slice(0, limit));
}

function isOlder(id: string, other: string): boolean {
  return id.length === other.length ? id < other : id.length < other.length;
}

function edit(call: Call): Reply {
  const channel = channelOf(call);
  const old = messageOf(call);
  if (old.author.id !== call.world.user.id || old.webhook_id !== undefined) {
    throw new RestError(403, 50005, "Cannot edit a message authored by another user");
  }
  const fields = contentOf(call.form, channel, call.world.nextId, old);
  return ok(call.messages.edit(channel, old, fields));
}

function remove(call: Call): Reply {
  call.messages.remove(channelOf(call), [messageOf(call).id]);
  return DONE;
}

function existingAgeMs(call: Call): number | undefined {
  const id = param(call, "message_id");
  const exists = call.messages.find(param(call, "channel_id"), id);
  return exists && ageMs(id, call.clock.epochMs());
}

function removeMany(call: Call): Reply {
  const channel = channelOf(call);
  const ids = call.form.fields.messages;
  if (channel.guild_id === undefined) {
    throw new RestError(403, 50003, "Cannot execute action on a DM channel");
  }
  if (!Array.isArray(ids) || ids.length < 2 || ids.length > 100) {
    throw new RestError(
      400,
      50016,
      "Provided too few or too many messages to delete. Must provide at least 2 and fewer than " +
        "100 messages to delete",
    );
  }
  if (new Set(ids).size < ids.length) {
    throw invalidForm("messages", "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains it");
  }
  const wallMs = call.clock.epochMs();
  if (ids.some((id) => (ageMs(String(id), wallMs) ?? 0) >= OLD_MESSAGE_MS)) {
    throw new RestError(
      400,
      50034,
      "You can only bulk delete messages that are under 14 days old.",
    );
  }
  call.messages.remove(channel, ids.map(String), "bulk");
  return DONE;
}
