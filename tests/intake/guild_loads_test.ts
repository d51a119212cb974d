import assert from "node:assert/strict";
import { GuildLoads } from "../../intake/guild_loads.ts";
import {
  type GuildArrival,
  type GuildChange,
  type GuildNote,
  parseSavedGuilds,
} from "../../protocol/discord/guild_note.ts";
import { seededRandom } from "../../ports/random.ts";
import {
  botJoins,
  botLeaves,
  guildComesBack,
  guildGoesDown,
} from "../../sim/gateway/guild_flow.ts";
import { guildCreateBody, guildsOf, readyBody } from "../../sim/gateway/ready.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { createWorld } from "../../sim/world/world.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const dispatch = (t: string, d: unknown) => encode({ t, s: 1, op: 0, d });

/** A session's guilds, fed by words: what each GUILD_CREATE was said to mean. */
function feed(loads: GuildLoads, events: readonly string[], firstCursor = 1) {
  const arrivals: (GuildArrival | undefined)[] = [];
  for (const [index, event] of events.entries()) {
    const [what, ...ids] = event.split(" ") as [keyof typeof EVENTS, ...string[]];
    const [t, d] = EVENTS[what](ids);
    const note = loads.see(firstCursor + index, t, dispatch(t, d));
    if (t === "GUILD_CREATE") arrivals.push((note as GuildNote | undefined)?.guild);
    else if (t !== "READY") assert.equal(note, undefined);
  }
  return arrivals;
}

const EVENTS = {
  ready: (ids: string[]) =>
    ["READY", { guilds: ids.map((id) => ({ unavailable: true, id })) }] as const,
  create: ([id]: string[]) => ["GUILD_CREATE", large(id!)] as const,
  small: ([id]: string[]) => ["GUILD_CREATE", { id, unavailable: false }] as const,
  down: ([id]: string[]) => ["GUILD_DELETE", { id, unavailable: true }] as const,
  downEarly: ([id]: string[]) => ["GUILD_CREATE", { id, unavailable: true }] as const,
  leave: ([id]: string[]) => ["GUILD_DELETE", { id }] as const,
  leaveUp: ([id]: string[]) => ["GUILD_DELETE", { id, unavailable: false }] as const,
  other: ([id]: string[]) => ["GUILD_UPDATE", { id }] as const,
};

/** A guild whose own id is not the first one in it, nor the last. */
function large(id: string) {
  const roles = Array.from({ length: 50 }, (_, i) => ({ id: `${i}`, name: `role ${i} "}` }));
  return { roles, owner: { id: "7" }, id, channels: [{ id: "8" }] };
}

Deno.test("a guild that READY names is loaded once, and available from then on", () => {
  const loads = new GuildLoads();
  assert.deepEqual(feed(loads, ["ready 1 2", "create 1", "small 2", "create 1"]), [
    "loaded",
    "loaded",
    "available",
  ]);
  loads.confirm(4);
  assert.deepEqual(loads.takeUnsaved(), { guildIds: ["1", "2"], loadingGuildIds: [] });
});

Deno.test("a guild that nobody has named is joined, also once more after it was left", () => {
  const loads = new GuildLoads();
  const arrivals = feed(loads, [
    "ready 1",
    "create 2",
    "leave 2",
    "small 2",
    "leaveUp 1",
    "create 1",
  ]);
  assert.deepEqual(arrivals, ["joined", "joined", "joined"]);
});

Deno.test("a guild that was down is available again, or loaded where it had never come", () => {
  const loads = new GuildLoads();
  const arrivals = feed(loads, [
    "ready 1 2",
    "create 1",
    "down 1",
    "down 2",
    "other 2",
    "create 1",
    "create 2",
    "down 3",
    "create 3",
  ]);
  assert.deepEqual(arrivals, ["loaded", "available", "loaded", "loaded"]);
});

Deno.test("a guild that is down while the bot joins it is joined when it comes", () => {
  const loads = new GuildLoads();
  assert.deepEqual(feed(loads, ["ready 1", "downEarly 2", "downEarly 1", "create 2", "create 1"]), [
    undefined,
    undefined,
    "joined",
    "loaded",
  ]);
});

Deno.test("a new session begins with the guilds of its READY", () => {
  const loads = new GuildLoads();
  feed(loads, ["ready 1 2", "create 1", "create 2"]);
  assert.deepEqual(feed(loads, ["ready 2 3", "create 2", "create 1"]), ["loaded", "joined"]);
  loads.confirm(3);
  assert.deepEqual(loads.takeUnsaved()!.loadingGuildIds, ["3"]);
});

Deno.test("READY says how the guilds differ from those before it, where that is known", () => {
  const loads = new GuildLoads();
  const ready = (cursor: number, ...ids: string[]) =>
    loads.see(cursor, "READY", dispatch("READY", { guilds: ids.map((id) => ({ id })) }));
  assert.equal(ready(1, "1", "2"), undefined);
  feed(loads, ["create 1", "create 3"], 2);
  assert.deepEqual(ready(10, "2", "4", "3"), { left: ["1"], joined: ["4"] });
  assert.deepEqual(ready(20, "2", "4", "3"), { left: [], joined: [] });
  const saved = { guildIds: ["1"], loadingGuildIds: ["1"] };
  const later = new GuildLoads(saved).see(30, "READY", dispatch("READY", { guilds: [] }));
  assert.deepEqual(later, { left: ["1"], joined: [] });
});

Deno.test("nothing is said about guilds before anything is known of the session", () => {
  const loads = new GuildLoads();
  assert.deepEqual(feed(loads, ["create 1", "down 2", "create 2", "leave 1"]), [
    undefined,
    undefined,
  ]);
  loads.confirm(10);
  assert.equal(loads.takeUnsaved(), null);
});

Deno.test("what cannot be read is passed by, and changes nothing", () => {
  const loads = new GuildLoads();
  feed(loads, ["ready 1"]);
  for (const t of ["READY", "GUILD_CREATE", "GUILD_DELETE"]) {
    for (const text of ["null", '{"t":"X","s":1,"op":0,"d":{"id":', `{"d":"${"x".repeat(2000)}`]) {
      if (t !== "READY" || text !== "null") {
        assert.equal(loads.see(2, t, new TextEncoder().encode(text)), undefined);
      }
    }
  }
  loads.confirm(2);
  assert.deepEqual(loads.takeUnsaved()!.guildIds, ["1"]);
});

Deno.test("a session that goes on elsewhere has the guilds of the event that it goes on after", () => {
  const loads = new GuildLoads();
  feed(loads, ["ready 1 2 3", "create 1", "create 9", "leave 2"]);
  assert.equal(loads.takeUnsaved(), null);
  loads.confirm(2);
  const saved = loads.takeUnsaved()!;
  assert.deepEqual(saved, { guildIds: ["1", "2", "3"], loadingGuildIds: ["2", "3"] });
  const next = new GuildLoads(parseSavedGuilds(JSON.parse(JSON.stringify(saved))));
  assert.deepEqual(feed(next, ["create 9", "leave 2", "create 3"], 3), ["joined", "loaded"]);
  next.confirm(3);
  assert.deepEqual(next.takeUnsaved()!.guildIds, ["1", "2", "3", "9"]);
  next.confirm(5);
  assert.deepEqual(next.takeUnsaved(), { guildIds: ["1", "3", "9"], loadingGuildIds: [] });
});

Deno.test("guilds are to be written down once after each change", () => {
  const loads = new GuildLoads();
  feed(loads, ["ready 1", "create 1"]);
  loads.confirm(1);
  assert.deepEqual(loads.takeUnsaved()!.loadingGuildIds, ["1"]);
  assert.equal(loads.takeUnsaved(), null);
  loads.confirm(1);
  assert.equal(loads.takeUnsaved(), null);
  loads.confirm(2);
  assert.deepEqual(loads.takeUnsaved()!.loadingGuildIds, []);
});

Deno.test("guilds of the simulator's shape and size are told apart", () => {
  const clock = createVirtualClock();
  const world = createWorld({ clock, random: seededRandom(1), options: { guilds: 20 } });
  const loads = new GuildLoads();
  const told: (GuildArrival | undefined)[] = [];
  let cursor = 0;
  const see = (t: string, d: unknown) => {
    const note = loads.see(++cursor, t, dispatch(t, d));
    if (t === "GUILD_CREATE") told.push((note as GuildNote | undefined)?.guild);
  };
  world.listen((t, _guildId, { head, tail }) => see(t, JSON.parse(head + tail.text)));
  const [stranger, ...guilds] = guildsOf(world, 0, 1);
  see("READY", readyBody(world, { sessionId: "s", version: 10, shard: null, guilds }));
  const terms = { intents: 0, largeThreshold: 50 };
  for (const guild of guilds) see("GUILD_CREATE", guildCreateBody(guild, terms));
  assert.deepEqual(new Set(told.splice(0)), new Set(["loaded"]));
  guildGoesDown(world, guilds[0]!);
  guildComesBack(world, guilds[0]!);
  botLeaves(world, guilds[1]!);
  botJoins(world, guilds[1]!);
  botJoins(world, stranger!);
  assert.deepEqual(told, ["available", "joined", "joined"]);
});

Deno.test("whether all members have come is kept with the guilds, from its event to the next session", () => {
  const loads = new GuildLoads();
  feed(loads, ["ready 1", "create 1"]);
  loads.membersCached(3);
  const saved = { guildIds: ["1"], loadingGuildIds: [] };
  loads.confirm(2);
  assert.deepEqual(loads.takeUnsaved(), saved);
  loads.confirm(3);
  assert.deepEqual(loads.takeUnsaved(), { ...saved, membersCached: true });
  const next = new GuildLoads({ ...saved, membersCached: true });
  feed(next, ["create 2"], 4);
  next.confirm(4);
  assert.equal(next.takeUnsaved()!.membersCached, true);
  feed(next, ["ready 1"], 5);
  next.confirm(5);
  assert.deepEqual(next.takeUnsaved(), { guildIds: ["1"], loadingGuildIds: ["1"] });
});

Deno.test("every change is told, and nothing else", () => {
  const told: GuildChange[] = [];
  const loads = new GuildLoads(null, (change) => told.push(change));
  feed(loads, ["create 3", "ready 1 2", "create 1", "other 1", "down 2", "leave 1"]);
  assert.deepEqual(told, [
    { kind: "here", guildId: "3" },
    { kind: "session", guildIds: ["1", "2"] },
    { kind: "here", guildId: "1" },
    { kind: "away", guildId: "2" },
    { kind: "left", guildId: "1" },
  ]);
});

Deno.test("GuildLoads knows which guilds have loaded, those that are down among them", () => {
  const loads = new GuildLoads();
  assert.deepEqual(loads.loaded, []);
  feed(loads, ["ready 1 2 3", "create 1", "create 2", "create 4", "down 2", "down 3"]);
  assert.deepEqual(loads.loaded, ["1", "2", "4"]);
});

Deno.test("the newest guilds are as of the last event, whatever is confirmed, and with it whether all members came", () => {
  const loads = new GuildLoads();
  assert.equal(loads.newest, null);
  const see = (cursor: number, t: string, d: unknown) =>
    loads.see(cursor, t, new TextEncoder().encode(JSON.stringify({ t, s: cursor, op: 0, d })));
  see(1, "READY", { guilds: [{ id: "100" }, { id: "200" }] });
  see(2, "GUILD_CREATE", { id: "100", name: "one" });
  assert.deepEqual(loads.newest, { guildIds: ["100", "200"], loadingGuildIds: ["200"] });
  see(3, "GUILD_CREATE", { id: "200", name: "two" });
  loads.membersCached(4);
  loads.confirm(1);
  const all = { guildIds: ["100", "200"], loadingGuildIds: [] };
  assert.deepEqual(loads.newest, { ...all, membersCached: true });
  see(5, "READY", { guilds: [{ id: "100" }] });
  assert.deepEqual(loads.newest, { guildIds: ["100"], loadingGuildIds: ["100"] });
});
