import assert from "node:assert/strict";
import type { SavedGuilds } from "../../protocol/discord/guild_note.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { SAFE_AFTER_MS, SafeReport } from "../../workers/safe_report.ts";

function setUp() {
  const clock = createVirtualClock();
  const told: { atMs: number; shards: unknown }[] = [];
  const guilds = new Map<number, SavedGuilds>();
  const guildsOf = (shardId: number) => guilds.get(shardId) ?? null;
  const report: SafeReport = new SafeReport(
    clock,
    () => told.push({ atMs: clock.now(), shards: report.take(guildsOf) }),
  );
  return { clock, told, guilds, guildsOf, report };
}

Deno.test("SafeReport collects what becomes safe, and says when it is time, once", async () => {
  const { clock, told, report } = setUp();
  report.note("acknowledged", 0, 3);
  await clock.advance(SAFE_AFTER_MS - 1);
  report.note("acknowledged", 0, 5);
  report.note("stored", 1, 8);
  report.note("acknowledged", 1, 7);
  assert.deepEqual(told, []);
  await clock.advance(1);
  const shards = { 0: { acknowledged: 5 }, 1: { stored: 8, acknowledged: 7 } };
  assert.deepEqual(told, [{ atMs: SAFE_AFTER_MS, shards }]);
  await clock.advance(10 * SAFE_AFTER_MS);
  assert.equal(told.length, 1);
});

Deno.test("SafeReport begins anew after it was taken", async () => {
  const { clock, told, report } = setUp();
  report.note("acknowledged", 0, 3);
  await clock.advance(SAFE_AFTER_MS);
  report.note("stored", 0, 4);
  await clock.advance(SAFE_AFTER_MS);
  assert.deepEqual(told.map(({ shards }) => shards), [{ 0: { acknowledged: 3 } }, {
    0: { stored: 4 },
  }]);
});

Deno.test("SafeReport tells the guilds of the shards of which something is safe, where they changed", () => {
  const { guilds, guildsOf, report } = setUp();
  const changed = { guildIds: ["1"], loadingGuildIds: [] };
  guilds.set(0, changed);
  guilds.set(2, changed);
  report.note("acknowledged", 0, 3);
  report.note("acknowledged", 1, 3);
  assert.deepEqual(report.take(guildsOf), {
    0: { acknowledged: 3, guilds: changed },
    1: { acknowledged: 3 },
  });
});

Deno.test("SafeReport that was taken before its time has nothing left to say", async () => {
  const { clock, told, guildsOf, report } = setUp();
  assert.equal(report.take(guildsOf), null);
  report.note("stored", 2, 9);
  assert.deepEqual(report.take(guildsOf), { 2: { stored: 9 } });
  await clock.advance(SAFE_AFTER_MS);
  assert.deepEqual(told.map(({ shards }) => shards), [null]);
});
