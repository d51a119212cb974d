/**
 * Guilds as plain objects, changed as Discord's documentation says: what the raw ones are compared with.
 * Nothing is shared with them, so that a mistake would have to be made twice.
 *
 * @module
 */

// deno-lint-ignore-file no-explicit-any

/** An object of Discord's. */
export type Json = any;

/** What is kept, and for whom. */
export interface ModelOptions {
  readonly members: boolean;
  readonly presences: boolean;
  readonly voice: boolean;
}

const IDS: Record<string, (element: Json) => string> = {
  roles: ({ id }) => id,
  emojis: ({ id }) => id,
  stickers: ({ id }) => id,
  channels: ({ id }) => id,
  threads: ({ id }) => id,
  voice_states: ({ user_id }) => user_id,
  stage_instances: ({ id }) => id,
  guild_scheduled_events: ({ id }) => id,
  soundboard_sounds: ({ sound_id }) => sound_id,
  members: ({ user }) => user.id,
  presences: ({ user }) => user.id,
};

/** A guild with its lists in order of ids: Discord promises no order. */
export function sorted(guild: Json): Json {
  const lists = Object.keys(IDS).filter((name) => Array.isArray(guild[name]));
  const inOrder = lists.map((name) => {
    const idOf = IDS[name]!;
    return [name, guild[name].toSorted((a: Json, b: Json) => idOf(a) < idOf(b) ? -1 : 1)];
  });
  return { ...guild, ...Object.fromEntries(inOrder) };
}

/** The guilds of a shard. */
export class GuildModel {
  /** `null`: not available. */
  guilds = new Map<string, Json | null>();
  botId = "";
  readonly options: ModelOptions;

  constructor(options: ModelOptions) {
    this.options = options;
  }

  copy(): GuildModel {
    const copy = new GuildModel(this.options);
    copy.guilds = new Map([...this.guilds].map(([id, guild]) => [id, guild && { ...guild }]));
    copy.botId = this.botId;
    return copy;
  }

  /** The guild as a session with these terms gets it, or `null`. */
  body(id: string, { intents, largeThreshold }: { intents: number; largeThreshold: number }): Json {
    const guild = this.guilds.get(id);
    if (!guild) return null;
    const inVoice = new Set((guild.voice_states ?? []).map((each: Json) => each.user_id));
    const isNear = (id: string) => id === this.botId || inVoice.has(id);
    const online = new Set((guild.presences ?? []).map((each: Json) => each.user.id));
    const seesPresences = (intents & 256) !== 0;
    const isLarge = guild.member_count > largeThreshold;
    const isListed = (id: string) => isNear(id) || (seesPresences && (!isLarge || online.has(id)));
    return sorted({
      unavailable: false,
      ...guild,
      large: isLarge,
      ...guild.members && { members: guild.members.filter((each: Json) => isListed(each.user.id)) },
      ...guild.presences && { presences: seesPresences ? guild.presences : [] },
      ...guild.voice_states && { voice_states: (intents & 128) !== 0 ? guild.voice_states : [] },
    });
  }

  take(t: string, d: Json): void {
    if (t === "READY") {
      this.botId = d.user.id;
      this.guilds = new Map(d.guilds.map(({ id }: Json) => [id, null]));
    } else if (t === "GUILD_CREATE") {
      this.guilds.set(d.id, d.unavailable === true ? null : this.#created(d));
    } else if (t === "GUILD_DELETE") {
      if (d.unavailable) this.guilds.set(d.id, null);
      else this.guilds.delete(d.id);
    } else if (t === "USER_UPDATE") this.#updateBot(d);
    else {
      const guild = this.guilds.get(t === "GUILD_UPDATE" ? d.id : d.guild_id);
      if (guild) this.#change(guild, t, d);
    }
  }

  #created(d: Json): Json {
    const { members, presences, voice } = this.options;
    const guild = { ...d };
    if (!voice) guild.voice_states = [];
    guild.presences = presences
      ? d.presences.filter((each: Json) => each.status !== "offline")
      : [];
    guild.members = d.members.filter((each: Json) => members || this.#isNear(guild, each.user.id));
    return guild;
  }

  #isNear(guild: Json, id: string): boolean {
    return id === this.botId || guild.voice_states.some((each: Json) => each.user_id === id);
  }

  #isKept(guild: Json, id: string): boolean {
    return this.options.members || this.#isNear(guild, id);
  }

  #updateBot(d: Json): void {
    if (d.id !== this.botId) return;
    for (const guild of this.guilds.values()) {
      const member = guild?.members.find((each: Json) => each.user.id === d.id);
      if (!member) continue;
      const user = { ...member.user };
      for (const name in user) if (name in d) user[name] = d[name];
      put(guild, "members", { ...member, user });
    }
  }

  #change(guild: Json, t: string, d: Json): void {
    const { guild_id: _, ...own } = d;
    const has = (list: string, id: string) => find(guild, list, id) !== undefined;
    switch (t) {
      case "GUILD_UPDATE":
        for (const name in own) {
          const isList = name in IDS;
          const isKept = ["joined_at", "large", "unavailable", "member_count"].includes(name);
          if (isList ? ["roles", "emojis", "stickers"].includes(name) : !isKept) {
            guild[name] = own[name];
          }
        }
        return;
      case "GUILD_ROLE_CREATE":
      case "GUILD_ROLE_UPDATE":
        return put(guild, "roles", d.role);
      case "GUILD_ROLE_DELETE":
        drop(guild, "roles", d.role_id);
        for (const member of guild.members) {
          if (!member.roles?.includes(d.role_id)) continue;
          put(guild, "members", {
            ...member,
            roles: member.roles.filter((id: string) => id !== d.role_id),
          });
        }
        return;
      case "GUILD_EMOJIS_UPDATE":
        return void (guild.emojis = d.emojis);
      case "GUILD_STICKERS_UPDATE":
        return void (guild.stickers = d.stickers);
      case "CHANNEL_CREATE":
      case "CHANNEL_UPDATE":
        return put(guild, "channels", own);
      case "CHANNEL_DELETE":
        drop(guild, "channels", d.id);
        guild.threads = guild.threads.filter((each: Json) => each.parent_id !== d.id);
        return;
      case "CHANNEL_PINS_UPDATE":
        return over(guild, d.channel_id, { last_pin_timestamp: d.last_pin_timestamp ?? null });
      case "VOICE_CHANNEL_STATUS_UPDATE":
        return over(guild, d.id, { status: d.status });
      case "THREAD_CREATE":
      case "THREAD_UPDATE": {
        const { newly_created: _, ...thread } = own;
        if (thread.thread_metadata?.archived) return drop(guild, "threads", d.id);
        const { member } = find(guild, "threads", d.id) ?? {};
        return put(guild, "threads", member && !thread.member ? { ...thread, member } : thread);
      }
      case "THREAD_DELETE":
        return drop(guild, "threads", d.id);
      case "THREAD_LIST_SYNC":
        guild.threads = guild.threads.filter((each: Json) =>
          d.channel_ids ? !d.channel_ids.includes(each.parent_id) : false
        );
        for (const thread of d.threads) put(guild, "threads", thread);
        for (const member of d.members) {
          const thread = find(guild, "threads", member.id);
          if (thread) put(guild, "threads", { ...thread, member });
        }
        return;
      case "THREAD_MEMBER_UPDATE": {
        const thread = find(guild, "threads", d.id);
        if (thread) put(guild, "threads", { ...thread, member: own });
        return;
      }
      case "THREAD_MEMBERS_UPDATE": {
        const thread = find(guild, "threads", d.id);
        if (!thread) return;
        const { member: known, ...rest } = thread;
        let member = known;
        if (d.removed_member_ids?.includes(this.botId)) member = undefined;
        for (const added of d.added_members ?? []) {
          const { member: _, presence: __, ...bare } = added;
          if (added.user_id === this.botId) member = bare;
        }
        const count = d.member_count;
        return put(guild, "threads", { ...rest, ...member && { member }, member_count: count });
      }
      case "STAGE_INSTANCE_CREATE":
      case "STAGE_INSTANCE_UPDATE":
        return put(guild, "stage_instances", d);
      case "STAGE_INSTANCE_DELETE":
        return drop(guild, "stage_instances", d.id);
      case "GUILD_SCHEDULED_EVENT_CREATE":
      case "GUILD_SCHEDULED_EVENT_UPDATE": {
        const list = "guild_scheduled_events";
        if (d.status > 2) return drop(guild, list, d.id);
        const { user_count = undefined } = find(guild, list, d.id) ?? {};
        return put(guild, list, user_count === undefined ? d : { user_count, ...d });
      }
      case "GUILD_SCHEDULED_EVENT_DELETE":
        return drop(guild, "guild_scheduled_events", d.id);
      case "GUILD_SCHEDULED_EVENT_USER_ADD":
      case "GUILD_SCHEDULED_EVENT_USER_REMOVE": {
        const event = find(guild, "guild_scheduled_events", d.guild_scheduled_event_id);
        if (event?.user_count === undefined) return;
        const user_count = Math.max(0, event.user_count + (t.endsWith("ADD") ? 1 : -1));
        return put(guild, "guild_scheduled_events", { ...event, user_count });
      }
      case "GUILD_SOUNDBOARD_SOUND_CREATE":
      case "GUILD_SOUNDBOARD_SOUND_UPDATE":
        return put(guild, "soundboard_sounds", d);
      case "GUILD_SOUNDBOARD_SOUND_DELETE":
        return drop(guild, "soundboard_sounds", d.sound_id);
      case "GUILD_SOUNDBOARD_SOUNDS_UPDATE":
        for (const sound of d.soundboard_sounds) put(guild, "soundboard_sounds", sound);
        return;
      case "SOUNDBOARD_SOUNDS":
        return void (guild.soundboard_sounds = d.soundboard_sounds);
      case "GUILD_MEMBER_ADD":
        if (!has("members", d.user.id)) guild.member_count++;
        if (this.#isKept(guild, d.user.id)) put(guild, "members", own);
        return;
      case "GUILD_MEMBER_UPDATE": {
        if (!this.#isKept(guild, d.user.id)) return;
        const known = find(guild, "members", d.user.id);
        if (known || (d.roles && d.joined_at)) put(guild, "members", { ...known, ...own });
        return;
      }
      case "GUILD_MEMBER_REMOVE":
        guild.member_count = Math.max(0, guild.member_count - 1);
        drop(guild, "members", d.user.id);
        return drop(guild, "presences", d.user.id);
      case "GUILD_MEMBERS_CHUNK":
        if (!this.options.members && !this.options.presences) return;
        for (const member of d.members) {
          if (this.#isKept(guild, member.user.id)) put(guild, "members", member);
        }
        for (const each of d.presences ?? []) this.#change(guild, "PRESENCE_UPDATE", each);
        return;
      case "PRESENCE_UPDATE":
        if (!this.options.presences) return;
        if (d.status === "offline") return drop(guild, "presences", d.user.id);
        return put(guild, "presences", own);
      case "VOICE_STATE_UPDATE": {
        if (!this.options.voice) return;
        const { member, ...state } = own;
        if (d.channel_id === null) {
          drop(guild, "voice_states", d.user_id);
          if (!this.#isKept(guild, d.user_id)) drop(guild, "members", d.user_id);
          return;
        }
        put(guild, "voice_states", state);
        put(guild, "members", { ...find(guild, "members", d.user_id), ...member });
        return;
      }
    }
  }
}

function find(guild: Json, list: string, id: string): Json {
  return guild[list].find((each: Json) => IDS[list]!(each) === id);
}

function put(guild: Json, list: string, element: Json): void {
  const id = IDS[list]!(element);
  guild[list] = [...guild[list].filter((each: Json) => IDS[list]!(each) !== id), element];
}

function drop(guild: Json, list: string, id: string): void {
  guild[list] = guild[list].filter((each: Json) => IDS[list]!(each) !== id);
}

/** Changes a channel or a thread, whichever it is. */
function over(guild: Json, id: string, fields: Json): void {
  for (const list of ["channels", "threads"]) {
    const known = find(guild, list, id);
    if (known) put(guild, list, { ...known, ...fields });
  }
}
