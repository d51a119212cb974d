/**
 * Guilds as they are put on disk: packed pages, each with what it is of, in parts of about 256 KB.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { GuildPart } from "../ports/guild_log.ts";
import { Guild, type ListName, LISTS } from "./guild.ts";
import type { Guilds } from "./guilds.ts";
import { type Owner, type Packed, Page, type WarmPages } from "./page.ts";
import { type Place, Section } from "./section.ts";
import { bytesOfText, textOfBytes } from "./fragments.ts";
import type { Work } from "./slices.ts";

/** Grows when parts are written in another way, or keys are hashed in another. */
export const PARTS_VERSION = 1;

/** A part that has grown beyond it is given away. */
const PART_BYTES = 256 * 1024;
/** List, bits and prefix of its place, bytes unpacked and packed. */
const HEADER_BYTES = 1 + 1 + 4 + 4 + 4;
/** In place of a list: the guild's own fields. */
const FIELDS = 255;

/** Pages as they were, packed. */
export type Frozen = ReadonlyMap<Page, Packed>;

/** Packs what is open of guilds that do not change any more, so that parts of them are made in no time. */
export function* freeze(guilds: Guilds): Work<Frozen> {
  const frozen = new Map<Page, Packed>();
  for (const guild of guilds.all.values()) {
    for (const [, { page }] of guild ? pagesOf(guild) : []) {
      frozen.set(page, page.packed());
      yield;
    }
  }
  return frozen;
}

/** All guilds in parts. One that is not available has one without bytes. */
export function* partsOf(guilds: Guilds, frozen: Frozen): Generator<GuildPart, void> {
  for (const [guildId, guild] of guilds.all) {
    if (!guild) yield { guildId, bytes: new Uint8Array() };
    else for (const bytes of partsOfGuild(guild, frozen)) yield { guildId, bytes };
  }
}

function* partsOfGuild(guild: Guild, frozen: Frozen): Generator<Uint8Array<ArrayBuffer>, void> {
  let part: Uint8Array[] = [];
  let bytes = 0;
  for (const [index, place] of pagesOf(guild)) {
    const each = written(index, place, frozen.get(place.page)!);
    part.push(...each);
    bytes += each[0].length + each[1].length;
    if (bytes < PART_BYTES) continue;
    yield joined(part, bytes);
    [part, bytes] = [[], 0];
  }
  if (bytes > 0) yield joined(part, bytes);
}

function* pagesOf(guild: Guild): Generator<[index: number, place: Place], void> {
  yield [FIELDS, { page: guild.fields, bits: 0, prefix: 0 }];
  for (const [list, section] of guild.sections) {
    for (const place of section.places()) yield [LISTS.indexOf(list), place];
  }
}

function written(
  index: number,
  { page, bits, prefix }: Place,
  packed: Packed,
): [head: Uint8Array, body: Uint8Array] {
  const bytes = bytesOfText(packed);
  const head = new DataView(new ArrayBuffer(HEADER_BYTES));
  head.setUint8(0, index);
  head.setUint8(1, bits);
  head.setUint32(2, prefix);
  head.setUint32(6, page.bytes);
  head.setUint32(10, bytes.length);
  return [new Uint8Array(head.buffer), bytes];
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * The guilds that were put into parts.
 *
 * @throws {GatehouseError} `bad_state` where a part is not one, or pages are missing.
 */
export function guildsOf(
  parts: Iterable<GuildPart>,
  warm: WarmPages,
): Map<string, Guild | null> {
  const owner: Owner = {};
  const pages = new Map<string, Places | null>();
  for (const { guildId, bytes } of parts) {
    if (bytes.length === 0) pages.set(guildId, null);
    else {
      const places = pages.get(guildId) ?? new Map();
      pages.set(guildId, places);
      readPart(guildId, bytes, places, owner, warm);
    }
  }
  return new Map(
    Array.from(pages, ([id, places]) => [id, places && guildOf(id, places, owner, warm)]),
  );
}

type Places = Map<number, Place[]>;

function readPart(guildId: string, bytes: Uint8Array, to: Places, owner: Owner, warm: WarmPages) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    if (at + HEADER_BYTES > bytes.length) throw badPart(guildId, "it ends within a page");
    const from = at + HEADER_BYTES;
    const end = from + view.getUint32(at + 10);
    if (end > bytes.length) throw badPart(guildId, "it ends within a page");
    const as = textOfBytes(bytes.subarray(from, end));
    const page = new Page(owner, warm, { as, bytes: view.getUint32(at + 6) });
    const index = view.getUint8(at);
    const places = to.get(index) ?? [];
    to.set(index, places);
    places.push({ page, bits: view.getUint8(at + 1), prefix: view.getUint32(at + 2) });
    at = end;
  }
}

function guildOf(guildId: string, places: Places, owner: Owner, warm: WarmPages): Guild {
  const lists = new Map<ListName, Section>();
  for (const [index, pages] of places) {
    if (index === FIELDS) continue;
    const name = LISTS[index];
    const section = name && Section.of(owner, warm, pages);
    if (!section) throw badPart(guildId, `pages of ${name ?? `list ${index}`} are missing`);
    lists.set(name, section);
  }
  const fields = places.get(FIELDS);
  if (fields?.length !== 1) throw badPart(guildId, "its own fields are missing");
  return Guild.of(owner, warm, fields[0]!.page, lists);
}

function badPart(guildId: string, why: string): GatehouseError {
  return new GatehouseError("bad_state", "host", `Cannot read guild ${guildId}: ${why}`);
}
