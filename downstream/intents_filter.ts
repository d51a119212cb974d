/**
 * What a client sees of its shard's events by the intents that it has asked for, where those are fewer
 * than the shard's: events that Discord sends by an intent alone, and the content of messages. What
 * nobody knows passes. See
 * [Discord Docs/List of Intents](https://discord.com/developers/docs/events/gateway#list-of-intents).
 *
 * @module
 */

import { parseExact, parseJson, writeExact } from "../protocol/json.ts";
import { wants } from "../protocol/discord/audience.ts";
import {
  type Edit,
  edited,
  type FieldRange,
  fieldRanges,
  fieldsOf,
  textField,
} from "../protocol/discord/body.ts";
import { type Envelope, readEnvelope } from "../protocol/discord/envelope.ts";
import { INTENTS } from "../protocol/discord/intents.ts";

/** A dispatch as a client sees it: as it came, without what is not for it, or not at all (`null`). */
export type View = (payload: Uint8Array, envelope: Envelope) => Uint8Array | null;

/**
 * What a client with these intents sees.
 *
 * @param ofShard The intents that its shard has: where the client has them all it sees everything, and
 * the view is `null`.
 * @param botId The bot's user, about whom some events come by any intents.
 */
export function viewFor(intents: number, ofShard: number, botId: string | null): View | null {
  if ((ofShard & ~intents) === 0) return null;
  const isBare = (ofShard & ~intents & INTENTS.MESSAGE_CONTENT) !== 0;
  return (payload, envelope) => {
    const { t } = envelope;
    if (t === null) return payload;
    if (!isSeen(intents, t, payload, botId)) return null;
    const hide = isBare ? HIDDEN[t] : undefined;
    return hide ? withoutContent(payload, envelope, (...where) => hide(...where, botId)) : payload;
  };
}

function isSeen(intents: number, t: string, payload: Uint8Array, botId: string | null): boolean {
  const inGuild = wants(intents, t, false);
  const isWanted = inGuild === wants(intents, t, true)
    ? inGuild
    : wants(intents, t, textField(payload, "guild_id") === undefined);
  const aboutBot = ABOUT_BOT[t];
  if (!aboutBot || (intents & INTENTS.GUILD_MEMBERS) !== 0) return isWanted;
  // Without the intent for all members these tell of the bot itself alone.
  return (intents & aboutBot.by) === aboutBot.by && aboutBot.is(payload, botId);
}

interface AboutBot {
  /** What it takes to be told. */
  readonly by: number;
  readonly is: (payload: Uint8Array, botId: string | null) => boolean;
}

const ABOUT_BOT: Readonly<Record<string, AboutBot>> = Object.assign(
  Object.create(null),
  {
    GUILD_MEMBER_UPDATE: {
      by: 0,
      is: (payload, botId) => idIn(fieldsOf(payload, ["user"], 1).user) === botId,
    },
    THREAD_MEMBERS_UPDATE: {
      by: INTENTS.GUILDS,
      is(payload, botId) {
        const { added_members: added, removed_member_ids: removed } = fieldsOf(
          payload,
          THREAD_MEMBERS,
        );
        return listOf(removed).includes(botId) ||
          listOf(added).some((member) => idIn(member, "user_id") === botId);
      },
    },
  } satisfies Record<string, AboutBot>,
);
const THREAD_MEMBERS = ["added_members", "removed_member_ids"];

/** Notes what is to be taken out of the object at `start`; false where it is not written as usual. */
type Hide = (bytes: Uint8Array, start: number, edits: Edit[], botId: string | null) => boolean;

const HIDDEN: Readonly<Record<string, Hide>> = Object.assign(
  Object.create(null),
  {
    MESSAGE_CREATE: hideMessage,
    MESSAGE_UPDATE: hideMessage,
    AUTO_MODERATION_ACTION_EXECUTION(bytes, start, edits) {
      const fields = fieldRanges(bytes, start);
      if (fields) replaceAll(fields, ["content", "matched_content"], '""', edits);
      return fields !== null;
    },
  } satisfies Record<string, Hide>,
);

/** What is not written as usual is written anew, and then is. */
function withoutContent(
  payload: Uint8Array,
  { bodyAt }: Envelope,
  hide: (bytes: Uint8Array, start: number, edits: Edit[]) => boolean,
): Uint8Array {
  const edits: Edit[] = [];
  if (bodyAt >= 0 && hide(payload, bodyAt, edits)) {
    return edits.length === 0 ? payload : edited(payload, edits.sort((a, b) => a.from - b.from));
  }
  const { t, s, op, d } = parseExact(decoder.decode(payload)) as Record<string, unknown>;
  const usual = encoder.encode(writeExact({ t, s, op, d }));
  edits.length = 0;
  if (!hide(usual, readEnvelope(usual).bodyAt, edits)) return usual;
  return edited(usual, edits.sort((a, b) => a.from - b.from));
}

/** Content is for those that it is meant for: in direct messages, of the bot's own, and that name it. */
function hideMessage(
  bytes: Uint8Array,
  start: number,
  edits: Edit[],
  botId: string | null,
): boolean {
  const fields = fieldRanges(bytes, start);
  if (!fields) return false;
  const isDirect = typeof valueAt(bytes, fields.get("guild_id")) !== "string";
  return isDirect || hideContent(bytes, fields, edits, botId);
}

function hideContent(
  bytes: Uint8Array,
  fields: ReadonlyMap<string, FieldRange>,
  edits: Edit[],
  botId: string | null,
): boolean {
  const isOwn = idIn(valueAt(bytes, fields.get("author"))) === botId;
  const mentions = listOf(valueAt(bytes, fields.get("mentions")));
  if (!isOwn && !mentions.some((user) => idIn(user) === botId)) {
    replaceAll(fields, ["content"], '""', edits);
    replaceAll(fields, ["embeds", "attachments", "components", "message_snapshots"], "[]", edits);
    const poll = fields.get("poll");
    if (poll) edits.push(removal(bytes, poll));
  }
  const answered = fields.get("referenced_message");
  if (!answered || bytes[answered.valueAt] !== OPEN_BRACE) return true;
  const inner = fieldRanges(bytes, answered.valueAt);
  return inner !== null && hideContent(bytes, inner, edits, botId);
}

function replaceAll(
  fields: ReadonlyMap<string, FieldRange>,
  names: readonly string[],
  text: string,
  edits: Edit[],
): void {
  for (const name of names) {
    const field = fields.get(name);
    if (field) edits.push({ from: field.valueAt, to: field.end, text });
  }
}

/** A field with the comma that parts it from the others. */
function removal(bytes: Uint8Array, { keyAt, end }: FieldRange): Edit {
  const text = "";
  if (bytes[keyAt - 1] === COMMA) return { from: keyAt - 1, to: end, text };
  return { from: keyAt, to: bytes[end] === COMMA ? end + 1 : end, text };
}

function valueAt(bytes: Uint8Array, field: FieldRange | undefined): unknown {
  return field && parseJson(decoder.decode(bytes.subarray(field.valueAt, field.end)));
}

function idIn(value: unknown, name = "id"): unknown {
  return (value as Record<string, unknown> | null | undefined)?.[name];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

const OPEN_BRACE = 0x7b;
const COMMA = 0x2c;
const decoder = new TextDecoder();
const encoder = new TextEncoder();
