/**
 * Discord-shaped payloads of a chosen size: ids by chance and words that repeat, so that they
 * compress about as well as the real thing.
 *
 * @module
 */

import { type Random, seededRandom } from "../ports/random.ts";

/** A size that the benchmarks use, and the kind of event that has it. */
export interface PayloadKind {
  readonly label: string;
  readonly t: string;
  readonly bytes: number;
}

/** From a presence to a large guild. */
export const PAYLOAD_KINDS = {
  small: { label: "PRESENCE_UPDATE 300 B", t: "PRESENCE_UPDATE", bytes: 300 },
  message: { label: "MESSAGE_CREATE 1.2 KB", t: "MESSAGE_CREATE", bytes: 1_200 },
  guild: { label: "GUILD_CREATE 24 KB", t: "GUILD_CREATE", bytes: 24_000 },
  largeGuild: { label: "GUILD_CREATE 500 KB", t: "GUILD_CREATE", bytes: 500_000 },
} as const satisfies Record<string, PayloadKind>;

/** `count` payloads of a kind, no two alike, as bytes. `s` counts up from 1. */
export function makePayloads(kind: PayloadKind, count: number): Uint8Array[] {
  const random = seededRandom(count);
  const encoder = new TextEncoder();
  return Array.from(
    { length: count },
    (_, i) => encoder.encode(payloadText(kind, i + 1, random)),
  );
}

function payloadText({ t, bytes }: PayloadKind, s: number, random: Random): string {
  const head = `{"t":"${t}","s":${s},"op":0,"d":{"guild_id":"${id(random)}"`;
  const body: string[] = [];
  let size = head.length + `,"members":[]}}`.length;
  while (size < bytes) {
    const text = member(random, Math.min(400, bytes - size));
    body.push(text);
    size += text.length + 1;
  }
  return `${head},"members":[${body.join(",")}]}}`;
}

function member(random: Random, about: number): string {
  const fixed = {
    user: { id: id(random), username: word(random), avatar: null, bot: false },
    roles: [id(random)],
    joined_at: "2026-01-01T12:34:56.789000+00:00",
    nick: null,
  };
  const room = about - JSON.stringify({ ...fixed, bio: "" }).length;
  if (room < 0) return JSON.stringify(id(random));
  let bio = "";
  while (bio.length < room) bio += `${word(random)} `;
  return JSON.stringify({ ...fixed, bio: bio.slice(0, room) });
}

function id(random: Random): string {
  return String(10 ** 17 + Math.floor(random() * 9e15)).padEnd(18, "0");
}

function word(random: Random): string {
  return WORDS[Math.floor(random() * WORDS.length)]!;
}

const WORDS =
  "the queue moved again and nobody noticed because every event was already where it should be"
    .split(" ");
