/** Sessions of several totals side by side, as while a bot reshards. */

import assert from "node:assert/strict";
import { calculateShardId } from "../../../protocol/ids.ts";
import { seededRandom } from "../../../ports/random.ts";
import { type ScriptedClient, type Stage, stage } from "./scripted_client.ts";

const SIDE_BY_SIDE = { guilds: 12, maxConcurrency: 6, recordEvents: true, numberEvents: true };

/** The live events that came, by the world's numbers. */
function numbers(client: ScriptedClient): number[] {
  return client.events().map(({ d }) => d._event).filter((event) => event !== undefined);
}

/** Clients of 2 and of 3 shards. */
async function bothTotals({ ready, clock }: Stage): Promise<Map<number, ScriptedClient[]>> {
  const two = [await ready(0, 2), await ready(1, 2)];
  await clock.advance(6_000);
  return new Map([[2, two], [3, [await ready(0, 3), await ready(1, 3), await ready(2, 3)]]]);
}

/** What a shard is to get, by the world's numbers. */
function dueOn({ sim }: Stage, shardId: number, total: number): number[] {
  return sim.ledger.world.filter(({ guildId }) =>
    (guildId === null ? 0 : calculateShardId(guildId, total)) === shardId
  ).map(({ event }) => event);
}

Deno.test("sessions of two totals each get the events of their guilds, and shard 0 of both those of none", async () => {
  const world = stage(SIDE_BY_SIDE);
  const clients = await bothTotals(world);
  world.sim.traffic.setRate(200);
  await world.clock.advance(5_000);
  world.sim.traffic.setRate(0);
  await world.clock.advance(100);
  assert.ok(world.sim.ledger.world.some(({ guildId }) => guildId === null));
  for (const [total, ofTotal] of clients) {
    for (const [id, client] of ofTotal.entries()) {
      assert.deepEqual(numbers(client), dueOn(world, id, total), `shard ${id} of ${total}`);
    }
  }
  assert.deepEqual(world.sim.ledger.violations, []);
  const keys = world.sim.ledger.identifies.map((it) => `${it.shardId}/${it.totalShards}`);
  assert.deepEqual(keys, ["0/2", "1/2", "0/3", "1/3", "2/3"]);
});

Deno.test("identifies of all totals keep one pace", async () => {
  const { ready, sim, clock } = stage({ guilds: 4, maxConcurrency: 1 });
  await ready(0, 2);
  await ready(0, 3);
  assert.deepEqual(sim.ledger.violations.map(({ rule }) => rule), ["identify pace"]);
  await clock.advance(6_000);
  await ready(0, 4);
  assert.equal(sim.ledger.violations.length, 1);
});

Deno.test("a bot that reshards may bring its new shards up in any order, one that starts may not", async () => {
  const { ready, sim } = stage({ guilds: 4, maxConcurrency: 2, identifyWindowMs: 0 });
  for (const id of [0, 1]) await ready(id, 2);
  for (const id of [0, 2, 1, 3]) await ready(id, 4);
  assert.deepEqual(sim.ledger.violations, []);
  const starting = stage({ guilds: 4, maxConcurrency: 2, identifyWindowMs: 0 });
  for (const id of [0, 2, 1, 3]) await starting.ready(id, 4);
  assert.deepEqual(starting.sim.ledger.violations.map(({ rule }) => rule), ["order"]);
});

Deno.test("what is late for a session comes late, in order, and the other session's does not", async () => {
  const world = stage(SIDE_BY_SIDE);
  const random = seededRandom(5);
  world.sim.settings.lateMs = ({ totalShards }) => totalShards === 2 ? 1_000 + 3_000 * random() : 0;
  const clients = await bothTotals(world);
  await world.clock.advance(5_000);
  world.sim.traffic.setRate(100);
  await world.clock.advance(1_000);
  world.sim.traffic.setRate(0);
  await world.clock.advance(20);
  const came = (total: number) => clients.get(total)!.flatMap(numbers).length;
  assert.ok(came(3) >= 100);
  assert.ok(came(2) < 20, `${came(2)} have come`);
  await world.clock.advance(4_000);
  for (const [id, client] of clients.get(2)!.entries()) {
    assert.deepEqual(numbers(client), dueOn(world, id, 2));
  }
  const lateMs = world.sim.ledger.events.filter(({ event, totalShards }) =>
    event !== null && totalShards === 2
  ).map(({ event, atMs }) => atMs - world.sim.ledger.world[event! - 1]!.atMs);
  assert.ok(Math.min(...lateMs) >= 1_000 && Math.max(...lateMs) <= 4_000);
});

Deno.test("what is on its way to a session that ends meanwhile is gone", async () => {
  const world = stage(SIDE_BY_SIDE);
  world.sim.settings.lateMs = () => 1_000;
  const client = await world.ready(0, 1);
  await world.clock.advance(2_000);
  world.sim.traffic.burst(5, "MESSAGE_CREATE");
  await world.clock.advance(100);
  client.socket.close(1000, "");
  await world.clock.advance(2_000);
  assert.ok(world.sim.ledger.events.every(({ event }) => event === null));
});

Deno.test("events are missing or repeated on one side, and the ledger says which", async () => {
  const world = stage(SIDE_BY_SIDE);
  const clients = await bothTotals(world);
  world.sim.faults.dropEvents({ totalShards: 3, nth: 7, types: ["MESSAGE_CREATE"] });
  world.sim.faults.repeatEvents({ totalShards: 2, shardId: 1, nth: 5 });
  world.sim.traffic.setRate(100);
  await world.clock.advance(3_000);
  world.sim.traffic.setRate(0);
  await world.clock.advance(100);
  const { flaws, events, world: all } = world.sim.ledger;
  const missing = flaws.filter(({ flaw }) => flaw === "missing");
  const repeated = flaws.filter(({ flaw }) => flaw === "repeated");
  assert.ok(missing.length > 5 && repeated.length > 5);
  for (const { event, totalShards, sessionId } of missing) {
    assert.equal(totalShards, 3);
    assert.equal(all[event - 1]!.t, "MESSAGE_CREATE");
    assert.ok(!events.some((it) => it.event === event && it.sessionId === sessionId));
    assert.ok(clients.get(2)!.flatMap(numbers).includes(event), "the other side has it");
  }
  for (const { event, totalShards, shardId } of repeated) {
    assert.deepEqual([totalShards, shardId], [2, 1]);
    const came = clients.get(2)![1]!.events().filter(({ d }) => d._event === event);
    assert.equal(came.length, 2);
    assert.equal(came[1]!.s, came[0]!.s! + 1);
  }
});

Deno.test("a total that Discord does not accept is 4010, a shard with too many guilds 4011, whatever else is up", async () => {
  const { ready, sim } = stage({ guilds: 12, maxConcurrency: 100, maxGuildsPerShard: 4 });
  const closedWith = async (id: number, total: number) => (await ready(id, total)).closedWith;
  assert.deepEqual([await closedWith(0, 2), await closedWith(0, 3)], [4011, null]);
  sim.settings.largeBotMultiple = 4;
  assert.deepEqual([await closedWith(1, 3), await closedWith(4, 4)], [4010, 4010]);
  assert.equal(await closedWith(3, 4), null);
});
