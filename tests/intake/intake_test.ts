import assert from "node:assert/strict";
import { AwayWatch } from "../../intake/away_watch.ts";
import { EditFilter } from "../../intake/edits.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Intake, type IntakeOptions } from "../../intake/intake.ts";

function setUp(options: Partial<IntakeOptions> = {}) {
  const queued: string[] = [];
  const asked: number[] = [];
  const told: string[] = [];
  const seen: string[] = [];
  const clock = createVirtualClock();
  const away = new AwayWatch({
    clock,
    isAway: () => true,
    ask: (_shardId, cursor) => asked.push(cursor),
    expired() {},
  });
  const intake = new Intake({
    away,
    guildLoadedDd: false,
    cache: null,
    keep: null,
    isRising: () => false,
    seen: (shardId, cursor, t) => seen.push(`${shardId} ${cursor} ${t}`),
    queue: (_shardId, _cursor, payload) => queued.push(new TextDecoder().decode(payload)),
    guildChanged: (shardId, { kind }) => told.push(`${shardId} ${kind}`),
    members: (shardId, t) => told.push(`${shardId} ${t}, ${queued.length} queued`),
    ...options,
  });
  intake.begin(0, null);
  const accept = (cursor: number, t: string, d: unknown) => {
    const payload = JSON.stringify({ t, s: cursor, op: 0, d });
    intake.accept(0, cursor, new TextEncoder().encode(payload), t);
  };
  return { intake, accept, queued, asked, told, seen, clock };
}

const READY = { guilds: [{ id: "1", unavailable: true }] };
const notes = (queued: string[]) =>
  queued.map((text) => JSON.parse(text)).filter((it) => it.t !== "READY")
    .map(({ t, d }) => [t, d.gatehouse?.guild]);

Deno.test("Intake tells a guild that loads from one that the bot joins", () => {
  const { accept, queued } = setUp();
  accept(1, "READY", READY);
  accept(2, "GUILD_CREATE", { id: "1" });
  accept(3, "GUILD_CREATE", { id: "2" });
  assert.deepEqual(notes(queued), [["GUILD_CREATE", "loaded"], ["GUILD_CREATE", "joined"]]);
});

Deno.test("Intake uses Discordeno's name where it is asked to", () => {
  const { accept, queued } = setUp({ guildLoadedDd: true });
  accept(1, "READY", READY);
  accept(2, "GUILD_CREATE", { id: "1" });
  accept(3, "GUILD_CREATE", { id: "2" });
  assert.deepEqual(notes(queued), [["GUILD_LOADED_DD", undefined], ["GUILD_CREATE", undefined]]);
});

Deno.test("Intake withholds what is no edit only where it is asked to", () => {
  const preview = { id: "1", channel_id: "2", edited_timestamp: null };
  for (const keep of [null, new EditFilter().keep]) {
    const { intake, accept, queued } = setUp({ keep });
    accept(1, "MESSAGE_UPDATE", preview);
    accept(2, "MESSAGE_UPDATE", { ...preview, edited_timestamp: "2026-01-01T00:00:00Z" });
    assert.equal(queued.length, keep ? 1 : 2);
    assert.equal(intake.withheld(0), keep ? 1 : 0);
  }
});

Deno.test("Intake asks about each dispatch of each shard, and goes by guilds and members that are withheld", () => {
  const asked: string[] = [];
  const { intake, accept, queued, told } = setUp({
    keep(t, _payload, shardId) {
      asked.push(`${t} of ${shardId}`);
      return t === "MESSAGE_CREATE";
    },
  });
  accept(1, "READY", READY);
  accept(2, "GUILD_CREATE", { id: "1" });
  accept(3, "MESSAGE_CREATE", {});
  assert.deepEqual(asked, ["READY of 0", "GUILD_CREATE of 0", "MESSAGE_CREATE of 0"]);
  assert.deepEqual(told, ["0 session", "0 READY, 0 queued", "0 here", "0 GUILD_CREATE, 0 queued"]);
  assert.deepEqual([queued.length, intake.withheld(0)], [1, 2]);
  intake.guilds(0)!.confirm(3);
  assert.deepEqual(intake.guilds(0)!.takeUnsaved(), { guildIds: ["1"], loadingGuildIds: [] });
});

Deno.test("Intake has no interaction watched that is withheld", async () => {
  const { accept, asked, clock } = setUp({ keep: () => false });
  accept(7, "INTERACTION_CREATE", { id: "1" });
  await clock.advance(2_000);
  assert.deepEqual(asked, []);
});

Deno.test("Intake has an interaction watched", async () => {
  const { accept, asked, clock } = setUp();
  accept(7, "INTERACTION_CREATE", { id: "1" });
  await clock.advance(2_000);
  assert.deepEqual(asked, [7]);
});

Deno.test("Intake gives the guilds to be kept once they are confirmed", () => {
  const { intake, accept } = setUp();
  accept(1, "READY", READY);
  accept(2, "GUILD_CREATE", { id: "1" });
  assert.equal(intake.guilds(0)!.takeUnsaved(), null);
  intake.guilds(0)!.confirm(1);
  assert.deepEqual(intake.guilds(0)!.takeUnsaved(), { guildIds: ["1"], loadingGuildIds: ["1"] });
  assert.equal(intake.guilds(0)!.takeUnsaved(), null);
  assert.equal(intake.guilds(1), undefined);
});

Deno.test("Intake tells what members hang on, once it is queued, and nothing of other events", () => {
  const { accept, told } = setUp();
  accept(1, "READY", READY);
  accept(2, "MESSAGE_CREATE", {});
  accept(3, "GUILD_CREATE", { id: "1" });
  accept(4, "GUILD_MEMBERS_CHUNK", {});
  accept(5, "RATE_LIMITED", {});
  accept(6, "GUILD_DELETE", { id: "1" });
  accept(7, "RESUMED", {});
  assert.deepEqual(told, [
    "0 session",
    "0 READY, 1 queued",
    "0 here",
    "0 GUILD_CREATE, 3 queued",
    "0 GUILD_MEMBERS_CHUNK, 4 queued",
    "0 RATE_LIMITED, 5 queued",
    "0 left",
    "0 GUILD_DELETE, 6 queued",
    "0 RESUMED, 7 queued",
  ]);
});

Deno.test("Intake keeps with the guilds that all members have come", () => {
  const { intake, accept } = setUp();
  accept(1, "READY", { guilds: [] });
  intake.guilds(0)!.membersCached(1);
  intake.guilds(0)!.confirm(1);
  assert.equal(intake.guilds(0)!.takeUnsaved()!.membersCached, true);
});

Deno.test("Intake counts the dispatches of each type, also those that the bot does not get", () => {
  const { accept, intake } = setUp({ keep: (t) => t !== "MESSAGE_UPDATE" });
  accept(1, "READY", READY);
  for (const cursor of [2, 3]) accept(cursor, "MESSAGE_UPDATE", { id: "9" });
  intake.accept(0, 4, new Uint8Array(), null);
  assert.deepEqual(intake.types.take(), { READY: 1, MESSAGE_UPDATE: 2 });
});

Deno.test("Intake shows what came in an earlier life to nobody but who keeps guilds", () => {
  const seen: string[] = [];
  const asked: string[] = [];
  const { intake, accept, queued, told, clock, ...rest } = setUp({
    cache: { see: (shardId, cursor, t) => seen.push(`${shardId} ${cursor} ${t}`) },
    keep: (t) => asked.push(t) > 0,
  });
  intake.skipTo(0, 2);
  accept(1, "GUILD_CREATE", { id: "1" });
  accept(2, "INTERACTION_CREATE", { id: "5" });
  accept(3, "GUILD_CREATE", { id: "2" });
  clock.advance(5_000);
  assert.deepEqual(seen, ["0 1 GUILD_CREATE", "0 2 INTERACTION_CREATE", "0 3 GUILD_CREATE"]);
  assert.deepEqual([queued.length, asked, rest.asked], [1, ["GUILD_CREATE"], []]);
  assert.deepEqual(told, ["0 here", "0 GUILD_CREATE, 1 queued"]);
  assert.deepEqual(intake.types.totals, { GUILD_CREATE: 1 });
});

Deno.test("Intake tells of every dispatch as it came, also of one that is withheld, and which guild loads", () => {
  const { accept, seen } = setUp({ keep: () => false });
  accept(1, "READY", READY);
  accept(2, "GUILD_CREATE", { id: "1" });
  accept(3, "GUILD_CREATE", { id: "2" });
  assert.deepEqual(seen, ["0 1 READY", "0 2 GUILD_LOADED_DD", "0 3 GUILD_CREATE"]);
});

Deno.test("Intake counts no types of a shard that rises: the shard that serves does", () => {
  const { intake, accept, queued } = setUp({ isRising: () => true });
  accept(1, "X", {});
  assert.deepEqual([intake.types.totals, queued.length], [{}, 1]);
});

Deno.test("Intake forgets a shard that is gone", () => {
  const { intake, accept } = setUp({ keep: () => false });
  accept(1, "X", {});
  intake.forget(0);
  assert.deepEqual([intake.guilds(0), intake.withheld(0)], [undefined, 0]);
});
