/**
 * The body of the GUILD_CREATE that Discord would send now to a session with given terms. See
 * [Discord Docs/Guild Create](https://discord.com/developers/docs/events/gateway-events#guild-create):
 * without GUILD_PRESENCES, or in a guild of more than 75,000 members, only the bot and who is in voice is
 * listed; above `large_threshold` only who is online beside them; else everybody.
 *
 * @module
 */

import { INTENTS } from "../protocol/discord/intents.ts";
import type { GuildTerms } from "../protocol/guild_pieces.ts";
import { bytesOfText } from "./fragments.ts";
import { type Guild, isList, type ListName } from "./guild.ts";
import type { Work } from "./slices.ts";

/** Discord lists nobody but the bot and who is in voice in guilds of more members. */
export const MOST_LISTED = 75_000;

/** Whether an element is to be listed, by its id; `undefined`: all are. */
type Listed = ((id: string) => boolean) | undefined;

/** The body `d`, as bytes of JSON. */
export function* createBody(
  guild: Guild,
  terms: GuildTerms,
  botId: string | null,
): Work<Uint8Array<ArrayBuffer>> {
  const text = new Chunks();
  const fields = guild.fields.peek();
  const size = Number(fields.get("member_count") ?? 0);
  const listed = yield* listing(guild, terms, size, botId);
  let between = "{";
  for (const [name, value] of fields) {
    text.add(`${between}"${name}":`);
    between = ",";
    if (name === "large") text.add(String(size > terms.largeThreshold));
    else if (isList(name) && (value === "" || guild.sections.has(name))) {
      yield* addList(text, guild, name, listed[name]);
    } else text.add(value);
  }
  // A guild that the bot has joined came without; a session that begins gets it.
  if (!fields.has("unavailable")) text.add(`${between}"unavailable":false`);
  text.add("}");
  return text.bytes();
}

const NOBODY = () => false;

function* listing(
  guild: Guild,
  { intents, largeThreshold }: GuildTerms,
  size: number,
  botId: string | null,
): Work<Partial<Record<ListName, Listed>>> {
  const inVoice = yield* idsIn(guild, "voice_states");
  const isNear = (id: string) => id === botId || inVoice.has(id);
  const voice = (intents & INTENTS.GUILD_VOICE_STATES) === 0 ? { voice_states: NOBODY } : {};
  if ((intents & INTENTS.GUILD_PRESENCES) === 0) {
    return { ...voice, members: isNear, presences: NOBODY };
  }
  if (size > MOST_LISTED) return { ...voice, members: isNear, presences: isNear };
  if (size <= largeThreshold) return voice;
  const online = yield* idsIn(guild, "presences");
  return { ...voice, members: (id) => online.has(id) || isNear(id) };
}

function* idsIn(guild: Guild, list: ListName): Work<Set<string>> {
  const ids = new Set<string>();
  for (const page of guild.pages(list)) {
    for (const id of page.keys()) ids.add(id);
    yield;
  }
  return ids;
}

function* addList(text: Chunks, guild: Guild, name: ListName, isListed: Listed): Work<void> {
  let between = "[";
  if (isListed === NOBODY) return text.add("[]");
  for (const page of guild.pages(name)) {
    for (const [id, element] of page) {
      if (isListed?.(id) === false) continue;
      text.add(between + element);
      between = ",";
    }
    yield;
  }
  text.add(between === "[" ? "[]" : "]");
}

/** A text that grows, as bytes by and by. */
class Chunks {
  readonly #done: Uint8Array[] = [];
  #parts: string[] = [];
  #chars = 0;

  add(part: string): void {
    this.#parts.push(part);
    this.#chars += part.length;
    if (this.#chars >= 64 * 1024) this.#flush();
  }

  bytes(): Uint8Array<ArrayBuffer> {
    this.#flush();
    const bytes = new Uint8Array(this.#done.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const each of this.#done) {
      bytes.set(each, at);
      at += each.length;
    }
    return bytes;
  }

  #flush(): void {
    this.#done.push(bytesOfText(this.#parts.join("")));
    this.#parts = [];
    this.#chars = 0;
  }
}
