/**
 * The rate limits that the simulator plays, as libraries have observed them: Discord publishes no
 * numbers and changes them. Presets, never truth for a client. Counting is done by
 * `limiter.ts`.
 * See [Discord Docs/Rate Limits](https://discord.com/developers/docs/topics/rate-limits).
 *
 * @module
 */

import type { Window } from "./bucket.ts";

/** One limit: what is counted, and how a client sees it. */
export interface Limit {
  readonly window: Window;
  /**
   * Behind `X-RateLimit-Bucket` (see {@linkcode bucketHash}). `null`: the limit is hidden, a client
   * learns of it by a 429 only.
   */
  readonly hash: string | null;
  /** True when all channels, guilds and webhooks share one count. Default false. */
  readonly ignoresMajor?: boolean;
  /** Scope of the 429. Default `user`. */
  readonly scope?: "user" | "shared";
}

/** Names of the limits. */
export type LimitName =
  | "message_create"
  | "message_edit"
  | "message_delete_fresh"
  | "message_delete"
  | "message_delete_old"
  | "message_read"
  | "bulk_delete"
  | "reaction_write"
  | "reaction_read"
  | "typing"
  | "pins"
  | "channel_edit"
  | "channel_name"
  | "channel_topic"
  | "member_edit"
  | "member_read"
  | "webhook_execute"
  | "webhook_channel"
  | "webhook_message"
  | "commands_write";

/** The presets: what a simulator begins with. */
export const LIMITS: Readonly<Record<LimitName, Limit>> = {
  message_create: sliding("message", 5, 5000),
  // The same hash with a count of its own: seen since 2026-01.
  message_edit: sliding("message", 5, 5000),
  message_delete_fresh: sliding("message_delete_fresh", 5, 1000),
  message_delete: sliding("message_delete", 3, 333),
  message_delete_old: sliding("message_delete_old", 30, 4000),
  message_read: sliding("message_read", 10, 5000),
  bulk_delete: sliding("bulk_delete", 1, 1000),
  // Every way to write a reaction shares this one.
  reaction_write: sliding("reaction_write", 1, 250),
  reaction_read: sliding("reaction_read", 5, 5000),
  typing: sliding("typing", 5, 5000),
  pins: sliding("pins", 5, 4000),
  channel_edit: sliding("channel_edit", 5, 15_000),
  channel_name: { window: fixed(2, 600_000), hash: null },
  channel_topic: { window: fixed(2, 600_000), hash: null },
  member_edit: { window: fixed(10, 10_000), hash: "member_edit" },
  member_read: sliding("member_read", 10, 10_000),
  webhook_execute: sliding("webhook_execute", 5, 2000),
  webhook_channel: { window: fixed(30, 60_000), hash: null, scope: "shared" },
  webhook_message: sliding("webhook_message", 5, 5000),
  commands_write: sliding("commands_write", 5, 20_000),
};

/** Age up to which deleting a message counts as `message_delete_fresh`. */
const FRESH_MS = 10_000;
/** Age from which a message is `message_delete_old`, and cannot be deleted in bulk. */
export const OLD_MESSAGE_MS = 14 * 24 * 3_600_000;

/** Which of the three delete limits counts; `undefined` is a message that does not exist. */
export function deleteLimit(ageMs: number | undefined): LimitName {
  if (ageMs === undefined || ageMs < FRESH_MS) return "message_delete_fresh";
  return ageMs < OLD_MESSAGE_MS ? "message_delete" : "message_delete_old";
}

/** What a client sees of a hash: 32 hexadecimal digits that mean nothing (FNV-1a, four times). */
export function bucketHash(hash: string): string {
  let digits = "";
  for (let round = 0; round < 4; round++) {
    let mixed = 0x811c9dc5;
    for (const char of `${round}${hash}`) {
      mixed = Math.imul(mixed ^ char.charCodeAt(0), 0x01000193);
    }
    digits += (mixed >>> 0).toString(16).padStart(8, "0");
  }
  return digits;
}

function sliding(hash: string, limit: number, windowMs: number): Limit {
  return { window: { limit, windowMs, kind: "sliding" }, hash };
}

function fixed(limit: number, windowMs: number): Window {
  return { limit, windowMs, kind: "fixed" };
}
