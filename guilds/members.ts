/**
 * The answer to an op 8 from what is known, as Discord would give it: GUILD_MEMBERS_CHUNKs of 1,000. There is
 * one only where it is certain to be whole: all members of the guild are known, or those that were asked for by
 * id. See [Discord Docs/Request Guild Members](https://discord.com/developers/docs/events/gateway-events#request-guild-members).
 *
 * @module
 */

import type { Cancel, Clock } from "../ports/clock.ts";
import type { MembersCommand } from "../protocol/discord/members.ts";
import type { MembersPiece, MembersQuestion } from "../protocol/guild_pieces.ts";
import { bytesOfText, fieldOf, isObject, textOfBytes } from "./fragments.ts";
import type { Guild } from "./guild.ts";
import type { Guilds } from "./guilds.ts";
import type { Kept } from "./kept.ts";
import type { Work } from "./slices.ts";

/** Members of one chunk. */
export const MEMBERS_PER_CHUNK = 1_000;
/** Who is looked for by the beginning of a name, or with a limit. */
const MOST_FOUND = 100;

/** Bytes of chunks that are given at once, about. */
const PIECE_BYTES = 1024 * 1024;
/** Who does not ask for the next piece for so long does not want it. */
const REPLY_MS = 60_000;

type Member = readonly [id: string, member: string];

/** Answers that are given piece by piece. */
export class MembersReplies {
  readonly #clock: Clock;
  /** Those of which only a part was given, by the name of the question. */
  readonly #open = new Map<string, { readonly reply: MembersReply; forget: Cancel }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The next piece; `null` where Discord has to be asked. `now` is asked once, and may go on. */
  *piece(
    { id, command }: MembersQuestion,
    kept: Kept,
    now: () => Work<Guilds | null>,
  ): Work<MembersPiece | null> {
    let open = this.#open.get(id);
    if (!open) {
      const guild = (yield* now())?.fork().all.get(command.guildId);
      const reply = guild && (yield* answerOf(guild, command, kept));
      if (!reply) return null;
      open = { reply, forget: () => {} };
      this.#open.set(id, open);
    }
    open.forget();
    const bodies: Uint8Array<ArrayBuffer>[] = [];
    for (let bytes = 0; bytes < PIECE_BYTES; bytes += bodies.at(-1)!.length) {
      const body = open.reply.next();
      if (body === null) {
        this.#open.delete(id);
        return { bodies, isLast: true };
      }
      bodies.push(body);
      yield;
    }
    open.forget = this.#clock.after(REPLY_MS, () => void this.#open.delete(id));
    return { bodies, isLast: false };
  }

  /** Gives up what was not given. */
  clear(): void {
    for (const { forget } of this.#open.values()) forget();
    this.#open.clear();
  }
}

/** An answer, chunk by chunk. */
export interface MembersReply {
  readonly count: number;
  /** The body `d` of the next chunk, as bytes of JSON; `null`: that was all. */
  next(): Uint8Array<ArrayBuffer> | null;
}

/** The answer; `null` where Discord has to be asked. The guild must stay as it is until the last chunk. */
export function* answerOf(
  guild: Guild,
  asked: MembersCommand,
  kept: Kept,
): Work<MembersReply | null> {
  if (!kept.members || (asked.presences && !kept.presences)) return null;
  const found = yield* find(guild, asked);
  return found && new Reply(guild, asked, found);
}

interface Found {
  readonly size: number;
  readonly members: Iterator<Member>;
  readonly notFound: readonly string[];
}

function* find(guild: Guild, { userIds, query, limit }: MembersCommand): Work<Found | null> {
  if (userIds) {
    const members = userIds.flatMap((id): Member[] => {
      const member = guild.get("members", id);
      return member === undefined ? [] : [[id, member]];
    });
    const notFound = userIds.filter((id) => !guild.has("members", id));
    if (notFound.length > 0 && (yield* sizeIfWhole(guild)) === null) return null;
    return { size: members.length, members: members.values(), notFound };
  }
  const size = yield* sizeIfWhole(guild);
  if (size === null) return null;
  if (query === "" && limit === 0) return { size, members: all(guild), notFound: [] };
  const members = yield* named(guild, query, Math.min(limit || MOST_FOUND, MOST_FOUND));
  return { size: members.length, members: members.values(), notFound: [] };
}

/** How many members it has, where all of them are known; else `null`. */
function* sizeIfWhole(guild: Guild): Work<number | null> {
  let size = 0;
  for (const page of guild.pages("members")) {
    size += page.size;
    yield;
  }
  return size > 0 && size === guild.memberCount ? size : null;
}

function* all(guild: Guild): Generator<Member, void> {
  for (const page of guild.pages("members")) yield* page;
}

/** Those with a name that begins so, without regard to case. */
function* named(guild: Guild, query: string, most: number): Work<Member[]> {
  const prefix = query.toLowerCase();
  const found: Member[] = [];
  for (const page of guild.pages("members")) {
    for (const entry of page) {
      if (found.length === most) return found;
      if (namesOf(entry[1]).some((name) => name.toLowerCase().startsWith(prefix))) {
        found.push(entry);
      }
    }
    yield;
  }
  return found;
}

function namesOf(member: string): string[] {
  const user = fieldOf(member, "user");
  const raw = [fieldOf(member, "nick")];
  if (isObject(user)) raw.push(fieldOf(user, "username"), fieldOf(user, "global_name"));
  return raw.flatMap((text) => text?.startsWith('"') ? [nameOf(text)] : []);
}

const decoder = new TextDecoder();

function nameOf(raw: string): string {
  return JSON.parse(decoder.decode(bytesOfText(raw)));
}

class Reply implements MembersReply {
  readonly count: number;
  readonly #guild: Guild;
  readonly #asked: MembersCommand;
  readonly #found: Found;
  #index = 0;

  constructor(guild: Guild, asked: MembersCommand, found: Found) {
    this.#guild = guild;
    this.#asked = asked;
    this.#found = found;
    this.count = Math.max(1, Math.ceil(found.size / MEMBERS_PER_CHUNK));
  }

  next(): Uint8Array<ArrayBuffer> | null {
    if (this.#index === this.count) return null;
    const { presences, nonce, guildId } = this.#asked;
    const { members: rest, notFound } = this.#found;
    const members: Member[] = [];
    while (members.length < MEMBERS_PER_CHUNK) {
      const { done, value } = rest.next();
      if (done) break;
      members.push(value);
    }
    const fields = [
      `"guild_id":"${guildId}"`,
      `"members":[${members.map(([, member]) => member).join(",")}]`,
      `"chunk_index":${this.#index++}`,
      `"chunk_count":${this.count}`,
    ];
    if (notFound.length > 0) fields.push(`"not_found":${JSON.stringify(notFound)}`);
    if (presences) fields.push(`"presences":[${this.#presencesOf(members).join(",")}]`);
    if (nonce !== null) fields.push(`"nonce":${textOfJson(nonce)}`);
    return bytesOfText(`{${fields.join(",")}}`);
  }

  #presencesOf(members: readonly Member[]): string[] {
    return members.map(([id]) => this.#guild.get("presences", id)).filter((it) => it !== undefined);
  }
}

const encoder = new TextEncoder();

function textOfJson(value: string): string {
  return textOfBytes(encoder.encode(JSON.stringify(value)));
}
