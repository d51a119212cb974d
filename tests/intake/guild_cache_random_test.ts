/**
 * Whatever comes in whatever order, a cache knows what it was told last, and keeps no leftovers.
 *
 * @module
 */

import assert from "node:assert/strict";
import { GuildCache } from "../../intake/guild_cache.ts";
import { type Random, seededRandom } from "../../ports/random.ts";
import type { Wanted } from "../../protocol/link_call.ts";

type Fields = Record<string, unknown>;

const SHARDS: Record<string, number> = { g0: 0, g1: 1, g2: 0 };
const GUILDS = Object.keys(SHARDS);
const USERS = ["u0", "u1", "u2", "u3"];
/** A channel, another, and a thread of the first: each guild has its own. */
const CHANNELS = ["c0", "c1", "t0"];

const channelFields = (guildId: string, name: string, at: string) =>
  at === "t0" ? { type: 11, parent_id: `${guildId}c0`, name } : { type: 0, name };

/** A cache, and beside it what must be known, by name: nothing is counted. */
class Course {
  readonly cache = new GuildCache({ members: true });
  readonly guilds = new Map<string, string>();
  readonly channels = new Map<string, string>();
  /** By guild and user: the nickname. */
  readonly members = new Map<string, string>();
  users = new Map<string, string>();

  see(t: string, guildId: string, d: Fields): void {
    const payload = new TextEncoder().encode(JSON.stringify({ op: 0, t, s: 1, d }));
    this.cache.see(SHARDS[guildId]!, t, payload);
  }

  forget(guildId: string): void {
    for (const kept of [this.guilds, this.channels, this.members]) {
      for (const key of kept.keys()) if (key.startsWith(guildId)) kept.delete(key);
    }
  }

  /** A user's newer name, in whatever member event. */
  rename(id: string, username: string): { id: string; username: string } {
    this.users.set(id, username);
    return { id, username };
  }

  join(guildId: string, userId: string, nick: string): Fields {
    this.members.set(`${guildId}/${userId}`, nick);
    return { user: this.rename(userId, nick), nick, roles: [], joined_at: "x" };
  }

  open(guildId: string, name: string, at: string): Fields {
    this.channels.set(guildId + at, name);
    return { id: guildId + at, guild_id: guildId, ...channelFields(guildId, name, at) };
  }

  check(): void {
    const present = USERS.filter((id) => GUILDS.some((g) => this.members.has(`${g}/${id}`)));
    this.users = new Map(present.map((id) => [id, this.users.get(id)!]));
    const find = (wanted: Wanted) => this.cache.find(wanted) as Fields | null;
    for (const id of USERS) {
      assert.equal(find({ kind: "user", userId: id })?.username, this.users.get(id));
    }
    for (const g of GUILDS) {
      assert.equal(find({ kind: "guild", guildId: g })?.name, this.guilds.get(g));
      for (const at of CHANNELS) {
        assert.equal(find({ kind: "channel", channelId: g + at })?.name, this.channels.get(g + at));
      }
      for (const id of USERS) {
        const found = find({ kind: "member", guildId: g, userId: id });
        const nick = this.members.get(`${g}/${id}`);
        const username = this.users.get(id);
        const expected = { user: { id, username }, nick, roles: [], joined_at: "x" };
        assert.deepEqual(found, nick === undefined ? null : expected);
      }
    }
    const { guilds, channels, members, users } = this;
    assert.deepEqual(this.cache.size, {
      guilds: guilds.size,
      channels: channels.size,
      members: members.size,
      users: users.size,
    });
  }
}

/** `g`, `u` and `at`: any guild, user and channel; `name`: a new one. `some`: some of a list. */
interface Draw {
  readonly g: string;
  readonly u: string;
  readonly at: string;
  readonly name: string;
  some(list: readonly string[]): string[];
}

const ACTS: ((course: Course, draw: Draw) => void)[] = [
  (course, { g }) => {
    for (const each of GUILDS) if (SHARDS[each] === SHARDS[g]) course.forget(each);
    course.see("READY", g, { guilds: [] });
  },
  (course, { g, name, some }) => {
    course.forget(g);
    course.guilds.set(g, name);
    const opened = some(CHANNELS).map((at) => course.open(g, name, at));
    const members = some(USERS).map((u) => course.join(g, u, name));
    const [threads, channels] = [true, false].map((isThread) =>
      opened.filter(({ type }) => (type === 11) === isThread)
    );
    course.see("GUILD_CREATE", g, { id: g, name, channels, threads, members });
  },
  (course, { g }) => {
    course.forget(g);
    course.see("GUILD_DELETE", g, { id: g });
  },
  (course, { g, name }) => {
    course.guilds.set(g, name);
    course.see("GUILD_UPDATE", g, { id: g, name });
  },
  (course, { g, at, name }) => {
    course.see(at === "t0" ? "THREAD_UPDATE" : "CHANNEL_UPDATE", g, course.open(g, name, at));
  },
  (course, { g, at }) => {
    course.channels.delete(g + at);
    if (at === "c0") course.channels.delete(`${g}t0`);
    const t = at === "t0" ? "THREAD_DELETE" : "CHANNEL_DELETE";
    course.see(t, g, { id: g + at, guild_id: g });
  },
  (course, { g, u, name }) => {
    course.see("GUILD_MEMBER_ADD", g, { guild_id: g, ...course.join(g, u, name) });
  },
  (course, { g, name, some }) => {
    const members = some(USERS).map((u) => course.join(g, u, name));
    course.see("GUILD_MEMBERS_CHUNK", g, { guild_id: g, members });
  },
  (course, { g, u, name }) => {
    if (course.members.has(`${g}/${u}`)) course.members.set(`${g}/${u}`, name);
    const d = { guild_id: g, user: course.rename(u, name), nick: name };
    course.see("GUILD_MEMBER_UPDATE", g, d);
  },
  (course, { g, u, name }) => {
    course.members.delete(`${g}/${u}`);
    course.see("GUILD_MEMBER_REMOVE", g, { guild_id: g, user: course.rename(u, name) });
  },
  (course, { g, u, name }) => course.see("USER_UPDATE", g, { ...course.rename(u, name) }),
];

function play(random: Random): void {
  const course = new Course();
  const any = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)]!;
  const some = (list: readonly string[]) => list.filter(() => random() < 0.5);
  for (let step = 0; step < 200; step++) {
    const draw = { g: any(GUILDS), u: any(USERS), at: any(CHANNELS), name: `n${step}`, some };
    any(ACTS)(course, draw);
    course.check();
  }
  for (const id of GUILDS) course.see("GUILD_DELETE", id, { id });
  assert.deepEqual(course.cache.size, { guilds: 0, channels: 0, members: 0, users: 0 });
}

Deno.test("whatever comes in whatever order, what is known is what was told last", () => {
  for (let seed = 1; seed <= 50; seed++) play(seededRandom(seed));
});
