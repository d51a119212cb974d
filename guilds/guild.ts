/**
 * One guild, as GUILD_CREATE brings it: its own fields in their order, and its lists by id, each as the raw
 * text that came. See [Discord Docs/Guild Create](https://discord.com/developers/docs/events/gateway-events#guild-create).
 *
 * @module
 */

import { checked, fieldOf, isObject, ObjectReader, without, wordOf } from "./fragments.ts";
import type { Kept } from "./kept.ts";
import { type Owner, Page, type WarmPages } from "./page.ts";
import { Section } from "./section.ts";
import type { Work } from "./slices.ts";

/** The lists of a guild, and the field of an element that is its id. */
const ID_FIELDS = {
  roles: "id",
  emojis: "id",
  stickers: "id",
  channels: "id",
  threads: "id",
  voice_states: "user_id",
  stage_instances: "id",
  guild_scheduled_events: "id",
  soundboard_sounds: "sound_id",
  /** That of its user. */
  members: null,
  /** That of its user. */
  presences: null,
} as const;

/** Name of a list of a guild. */
export type ListName = keyof typeof ID_FIELDS;

/** All of them, in an order that never changes: what is on disk goes by it. */
export const LISTS = Object.keys(ID_FIELDS) as ListName[];

/** Whether a field of a guild is one of its lists. */
export function isList(name: string): name is ListName {
  return Object.hasOwn(ID_FIELDS, name);
}

/** The id of an element of a list; `undefined` where it has none. */
export function idIn(list: ListName, element: string): string | undefined {
  if (!isObject(element)) return undefined;
  const field = ID_FIELDS[list];
  return field === null ? userIdOf(element) : wordOf(element, field);
}

/** The id of the user that a member or a presence is of. */
export function userIdOf(fragment: string): string | undefined {
  const user = fieldOf(fragment, "user");
  return isObject(user) ? wordOf(user, "id") : undefined;
}

/** Elements as GUILD_CREATE has them: without what only their own events say. */
const OWN_FIELDS: Readonly<Partial<Record<ListName, readonly string[]>>> = {
  channels: ["guild_id"],
  threads: ["guild_id", "newly_created"],
  voice_states: ["guild_id", "member"],
  members: ["guild_id"],
  presences: ["guild_id"],
};

/** An element of an event, as GUILD_CREATE would have it. */
export function asListed(list: ListName, element: string): string {
  return without(element, ...OWN_FIELDS[list] ?? []);
}

/** A guild. Only its owner changes it. */
export class Guild {
  readonly owner: Owner;
  readonly #warm: WarmPages;
  /** Raw values by name; a list has an empty text in its place. */
  #fields: Page;
  readonly #lists: Map<ListName, Section>;

  /** An empty one, or what another is now. */
  constructor(owner: Owner, warm: WarmPages, other?: Guild) {
    this.owner = owner;
    this.#warm = warm;
    this.#fields = other ? other.#fields : new Page(owner, warm);
    this.#lists = new Map(other ? other.#lists : []);
  }

  /** One that consists of what {@linkcode Guild.fields} and {@linkcode Guild.sections} gave. */
  static of(owner: Owner, warm: WarmPages, fields: Page, lists: Map<ListName, Section>): Guild {
    const guild = new Guild(owner, warm);
    warm.forget(guild.#fields);
    guild.#fields = fields;
    for (const [name, section] of lists) guild.#lists.set(name, section);
    return guild;
  }

  /** Its own fields. */
  get fields(): Page {
    return this.#fields;
  }

  /** Its lists that are not empty, or were not. */
  get sections(): ReadonlyMap<ListName, Section> {
    return this.#lists;
  }

  /** Memory that it takes, about. */
  get heldBytes(): number {
    const { heldBytes } = this.#fields;
    return this.#lists.values().reduce((sum, section) => sum + section.heldBytes, heldBytes);
  }

  /** The raw value of a field of its own. */
  field(name: string): string | undefined {
    return this.#fields.open().get(name);
  }

  /** Sets a field of its own. */
  setField(name: string, value: string): void {
    if (this.#fields.owner !== this.owner) this.#fields = this.#fields.copy(this.owner);
    this.#fields.set(name, value);
  }

  /** An element of a list. */
  get(list: ListName, id: string): string | undefined {
    return this.#lists.get(list)?.get(id);
  }

  /** Whether a list has an element. What is packed is read only where it is likely. */
  has(list: ListName, id: string): boolean {
    return this.#lists.get(list)?.has(id) ?? false;
  }

  /** Puts an element into a list, or in the place of the one with its id. */
  set(list: ListName, id: string, element: string): void {
    if (!this.#lists.has(list)) this.declare(list);
    this.#own(list).set(id, element);
  }

  /** Takes an element out of a list. */
  delete(list: ListName, id: string): void {
    if (this.#lists.get(list)?.has(id)) this.#own(list).delete(id);
  }

  /** Empties a list, which is there from now on. */
  clear(list: ListName): void {
    this.#lists.delete(list);
    this.declare(list);
  }

  /** The guild has this list, even if it is empty. */
  declare(list: ListName): void {
    if (this.field(list) === undefined) this.setField(list, "");
  }

  /** The elements of a list, page by page. */
  *pages(list: ListName): Generator<ReadonlyMap<string, string>, void> {
    for (const { page } of this.#lists.get(list)?.places() ?? []) yield page.peek();
  }

  /** How many members it has; `null` where nobody said. */
  get memberCount(): number | null {
    const count = Number(this.field("member_count") ?? "none");
    return Number.isFinite(count) ? count : null;
  }

  #own(list: ListName): Section {
    const section = this.#lists.get(list);
    if (section?.owner === this.owner) return section;
    const own = new Section(this.owner, this.#warm, section);
    this.#lists.set(list, own);
    return own;
  }
}

/** Text that is looked through before others may have their turn. */
const STEP_CHARS = 64 * 1024;

/**
 * The guild of a GUILD_CREATE, with what is to be kept of it.
 *
 * @throws {SyntaxError} When it is no object that can be taken apart.
 */
export function* buildGuild(
  body: string,
  { kept, botId }: { readonly kept: Kept; readonly botId: string | null },
  owner: Owner,
  warm: WarmPages,
): Work<Guild> {
  const guild = new Guild(owner, warm);
  const members: string[] = [];
  const reader = new ObjectReader(body);
  let stepAt = 0;
  for (let name = reader.next(); name !== undefined; name = reader.next()) {
    if (!isList(name) || !reader.isList) {
      checked(`"${name}"`);
      guild.setField(name, checked(reader.value()));
      yield;
      continue;
    }
    guild.declare(name);
    for (const element of reader.elements()) {
      checked(element);
      if (name === "members" && !kept.members) members.push(element);
      else if (isKept(name, element, kept)) add(guild, name, element);
      if (reader.at - stepAt > STEP_CHARS) stepAt = yield* step(reader.at);
    }
  }
  // Who is in voice is known at the end: lists come in any order.
  for (const member of members) {
    const id = idIn("members", member);
    if (id !== undefined && (id === botId || guild.has("voice_states", id))) {
      guild.set("members", id, member);
    }
  }
  return guild;
}

function* step(at: number): Work<number> {
  yield;
  return at;
}

function isKept(list: ListName, element: string, kept: Kept): boolean {
  if (list === "voice_states") return kept.voice;
  return list !== "presences" || (kept.presences && isOnline(element));
}

/** Whether a presence says more than that somebody is offline, which who has none is. */
export function isOnline(presence: string): boolean {
  return isObject(presence) && wordOf(presence, "status") !== "offline";
}

function add(guild: Guild, list: ListName, element: string): void {
  const id = idIn(list, element);
  if (id !== undefined) guild.set(list, id, element);
}
