/**
 * What makes a dispatch the same event on two sessions, which number their events each for itself: the
 * guild, the type, and what Discord says of it. See
 * [Discord Docs/Gateway Events](https://discord.com/developers/docs/events/gateway-events#receive-events).
 *
 * A thing that is made or deleted has an id, and that happens to it once: the id is enough. Any other event
 * has no name of its own (a presence, a reaction, an edit): it is told by all that is in it, and may **recur**:
 * the same again is another event. Who compares two sessions counts those.
 *
 * @module
 */

import { NOTE_FIELD } from "./body.ts";
import { parseJson } from "../json.ts";
import { isRecord } from "../record.ts";

/** Who a dispatch is of, and what it is. */
export interface Identity {
  /** Empty: of no guild, or it cannot be read. */
  readonly guildId: string;
  /** Equal for the same event on two sessions of one bot; `null`: it is one session's own. */
  readonly key: string | null;
}

/** Types that only the session gets that asked for it, or began. */
export const SESSIONS_OWN: ReadonlySet<string> = new Set([
  "CHANNEL_INFO",
  "GUILD_LOADED_DD",
  "GUILD_MEMBERS_CHUNK",
  "RATE_LIMITED",
  "READY",
  "RESUMED",
  "SOUNDBOARD_SOUNDS",
  "VOICE_SERVER_UPDATE",
]);

/** The types whose `d` tells of a guild by its `id`. */
const OF_GUILD: ReadonlySet<string> = new Set([
  "GUILD_CREATE",
  "GUILD_DELETE",
  "GUILD_LOADED_DD",
  "GUILD_UPDATE",
]);

const ID = ["id"];

/** Type → path of the fields that together are there once. All other types recur. */
const ONCE: ReadonlyMap<string, readonly string[]> = new Map([
  ["AUTO_MODERATION_RULE_CREATE", ID],
  ["AUTO_MODERATION_RULE_DELETE", ID],
  ["CHANNEL_CREATE", ID],
  ["CHANNEL_DELETE", ID],
  ["ENTITLEMENT_CREATE", ID],
  ["ENTITLEMENT_DELETE", ID],
  ["GUILD_AUDIT_LOG_ENTRY_CREATE", ID],
  ["GUILD_MEMBER_ADD", ["user.id", "joined_at"]],
  ["GUILD_ROLE_CREATE", ["role.id"]],
  ["GUILD_ROLE_DELETE", ["role_id"]],
  ["GUILD_SCHEDULED_EVENT_CREATE", ID],
  ["GUILD_SCHEDULED_EVENT_DELETE", ID],
  ["GUILD_SOUNDBOARD_SOUND_CREATE", ["sound_id"]],
  ["GUILD_SOUNDBOARD_SOUND_DELETE", ["sound_id"]],
  ["INTEGRATION_CREATE", ID],
  ["INTEGRATION_DELETE", ID],
  ["INTERACTION_CREATE", ID],
  ["MESSAGE_CREATE", ID],
  ["MESSAGE_DELETE", ID],
  ["MESSAGE_DELETE_BULK", ["ids"]],
  ["STAGE_INSTANCE_CREATE", ID],
  ["STAGE_INSTANCE_DELETE", ID],
  ["SUBSCRIPTION_CREATE", ID],
  ["SUBSCRIPTION_DELETE", ID],
  ["THREAD_DELETE", ID],
]);

/** Of no guild, or of one whose shard can be reckoned. */
const GUILD_ID = /^\d{0,20}$/;
const NOBODY: Identity = { guildId: "", key: null };
const RECURS = "~";
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * What a dispatch is. Of a payload that cannot be read nobody can know: it is of no guild, and its session's own.
 *
 * A GUILD_CREATE is its session's own where the guild loads, which only the note in it or its other name tells
 * ({@linkcode NOTE_FIELD}, `GUILD_LOADED_DD`): give it with that. The note is no part of the key.
 *
 * @param t The type, as in the payload.
 *
 * @example
 * ```ts
 * import { identityOf } from "./identity.ts";
 * const d = { id: "5", guild_id: "1", content: "hi" };
 * const payload = new TextEncoder().encode(JSON.stringify({ t: "MESSAGE_CREATE", s: 7, op: 0, d }));
 * const { guildId, key } = identityOf("MESSAGE_CREATE", payload);
 * console.assert(guildId === "1" && key === "MESSAGE_CREATE 5");
 * ```
 */
export function identityOf(t: string, payload: Uint8Array): Identity {
  const d = bodyOf(payload);
  if (!d) return NOBODY;
  const guildId = guildOf(t, d) ?? "";
  if (typeof guildId !== "string" || !GUILD_ID.test(guildId)) return NOBODY;
  return { guildId, key: SESSIONS_OWN.has(t) || isLoading(d) ? null : keyOf(t, d) };
}

/** Whether there may be another event with this key that is not the same. */
export function recurs(key: string): boolean {
  return key.startsWith(RECURS);
}

/** Whether the event says that the bot is in its guild no more. */
export function leavesGuild(key: string): boolean {
  return key.startsWith(LEFT);
}

/** Whether each shard gets the event; what is of no guild comes to shard 0 else. */
export function comesToEveryShard(key: string): boolean {
  return key.startsWith(`${RECURS}USER_UPDATE `);
}

const LEFT = `${RECURS}GUILD_DELETE left `;

function keyOf(t: string, d: Record<string, unknown>): string {
  const once = ONCE.get(t)?.map((path) => textAt(d, path));
  if (once && !once.includes(undefined)) return `${t} ${once.join(" ")}`;
  if (t === "GUILD_DELETE" && d.unavailable !== true) return LEFT + textOf(d.id);
  // All of a guild is much, and its counts are another session's guess.
  const told = t === "GUILD_CREATE" ? [d.id, d.joined_at, d.unavailable] : d;
  return `${RECURS}${t} ${digest(canonical(told))}`;
}

/** Whether it is a GUILD_CREATE of a guild that was there before the session was. */
function isLoading({ [NOTE_FIELD]: note }: Record<string, unknown>): boolean {
  return isRecord(note) && note.guild === "loaded";
}

/** The guild whose shard gets the event. Entitlements come to shard 0, though they may name a guild. */
function guildOf(t: string, d: Record<string, unknown>): unknown {
  if (t.startsWith("ENTITLEMENT_")) return undefined;
  return OF_GUILD.has(t) ? d.id : d.guild_id;
}

function bodyOf(payload: Uint8Array): Record<string, unknown> | null {
  try {
    const value = parseJson(decoder.decode(payload));
    return isRecord(value) && isRecord(value.d) ? value.d : null;
  } catch (error) {
    // It goes to the bot as it came, whose side says that it cannot be read.
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The text at a path such as `user.id`; several joined where it is a list. */
function textAt(d: Record<string, unknown>, path: string): string | undefined {
  let value: unknown = d;
  for (const name of path.split(".")) value = isRecord(value) ? value[name] : undefined;
  return Array.isArray(value) ? value.join() : textOf(value);
}

/** The same text for the same content, in whatever order its fields are. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (isRecord(value)) {
    const fields = Object.keys(value).filter((name) => name !== NOTE_FIELD).sort();
    return `{${fields.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
  }
  return JSON.stringify(typeof value === "string" ? unsigned(value) : value ?? null);
}

/** A link without what signs it: it may be signed for each session anew. */
function unsigned(text: string): string {
  return SIGNED.test(text) ? text.slice(0, text.indexOf("?")) : text;
}

const SIGNED = /^https:\/\/(?:cdn\.discordapp\.com|media\.discordapp\.net)\/[^?]*\?/;

/** 64 bits of a text. Two that differ have the same by chance once in 10^19, which would make them one that recurs. */
function digest(text: string): string {
  let [one, other] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    one = Math.imul(one ^ code, 0x9e3779b1);
    other = Math.imul(other ^ code, 0x5f356495);
    one ^= one >>> 15;
    other ^= other >>> 13;
  }
  return hex(one ^ Math.imul(other, 0x85ebca6b)) + hex(other ^ Math.imul(one, 0xc2b2ae35));
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, "0");
}
