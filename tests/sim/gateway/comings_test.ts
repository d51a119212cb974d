import assert from "node:assert/strict";
import { stage } from "./scripted_client.ts";

Deno.test("guilds come and go at the rate that is set; READY lists those of the moment", async () => {
  const { ready, clock, sim } = stage({ guilds: 5, guildsOutside: 5, maxConcurrency: 1 });
  const client = await ready();
  assert.equal(client.events("READY")[0]!.d.guilds.length, 5);
  sim.comings.setRate(1200);
  await clock.advance(5_000);
  sim.comings.setRate(0);
  await clock.advance(100);
  const moves = client.events().slice(6);
  const joins = moves.filter(({ t }) => t === "GUILD_CREATE");
  const leaves = moves.filter(({ t, d }) => t === "GUILD_DELETE" && !("unavailable" in d));
  assert.equal(joins.length + leaves.length, moves.length);
  assert.ok(moves.length > 80 && joins.length > 30 && leaves.length > 30, String(moves.length));
  const joinedAt = joins.map(({ d }) => Date.parse(d.joined_at));
  assert.deepEqual(joinedAt, joinedAt.toSorted((a, b) => a - b));
  assert.equal(new Set(joinedAt).size, joins.length, "each join is of its own time");
  const there = [...sim.world.guilds.values()].filter(({ state }) => state === "up");
  assert.equal(there.length, 5 + joins.length - leaves.length);
  const later = await ready();
  assert.deepEqual(
    later.events("READY")[0]!.d.guilds.map(({ id }: { id: string }) => id),
    there.map(({ id }) => id),
  );
});
