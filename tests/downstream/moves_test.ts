/** Sessions whose shards are others from one moment to the next, where they cannot simply go on. */

import assert from "node:assert/strict";
import { OP } from "../../protocol/discord/opcodes.ts";
import { ownersOf, seatsOver } from "../support/seats.ts";
import { stage, TERMS } from "./stage.ts";

/** A unit of four shards whose guilds move to eight; shard 0's have moved once `move` is called. */
function moving(to = 8) {
  const shards = seatsOver(4);
  const terms = { ...TERMS, shards, otherTotals: true };
  const set = stage({ terms });
  const written = () => Promise.resolve(true);
  const move = (moved = [0]) => {
    shards.become(ownersOf(4, to, moved));
    return set.gateway.moved(written);
  };
  return { ...set, shards, move };
}

Deno.test("a client that is still being given its guilds when they move begins anew", async () => {
  const { events, connect, clock, move } = moving();
  for (const id of ["1", "2", "3", "4", "5"]) events.shard().guild("GUILD_CREATE", id);
  events.shard().acknowledge(5);
  const client = connect();
  client.reading = new Promise(() => {});
  client.identify();
  await clock.advance(0);
  assert.deepEqual(client.dispatches.map(([t]) => t), ["READY", "GUILD_CREATE", "GUILD_CREATE"]);
  await Promise.all([move(), clock.advance(0)]);
  assert.equal(client.ops.at(-1), OP.INVALID_SESSION);
  client.reading = null;
  client.identify();
  await clock.advance(0);
  assert.equal(client.dispatches.filter(([t]) => t === "READY").length, 2);
});

Deno.test("a client that has all its guilds goes on, and cannot have those that it began with again", async () => {
  const { events, connect, clock, move, gateway } = moving();
  for (const id of ["1", "2", "3"]) events.shard().guild("GUILD_CREATE", id);
  events.shard().acknowledge(3);
  const client = connect();
  client.identify();
  await clock.advance(0);
  const { session_id: sessionId } = client.body("READY");
  assert.deepEqual(client.dispatches.at(-1), ["GUILD_CREATE", 4]);
  client.beat(4);
  await Promise.all([move(), clock.advance(0)]);
  assert.deepEqual(client.ops.filter((op) => op === OP.INVALID_SESSION), []);
  events.shard().event();
  await clock.advance(0);
  const [[, s]] = client.dispatches.slice(-1) as [[string, number]];
  assert.ok(s > 4, "its numbers go on");
  client.close(1006);
  for (const [seq, isKnown] of [[3, false], [s, true]] as const) {
    const back = connect();
    back.resume(sessionId, seq);
    await clock.advance(0);
    assert.equal(back.ops.at(-1) === OP.INVALID_SESSION, !isKnown, `after ${seq}`);
    if (!isKnown) assert.ok(gateway.sessions.find(sessionId));
    back.close(1006);
  }
});

Deno.test("an IDENTIFY that is being seen to when the guilds move comes again, and one that comes meanwhile waits", async () => {
  const { events, connect, clock, move } = moving();
  const late = Promise.withResolvers<void>();
  events.slow = late.promise;
  const client = connect();
  client.identify();
  await clock.advance(0);
  const away = connect();
  away.identify({ shard: [1, 4] });
  await clock.advance(0);
  const slow = Promise.withResolvers<void>();
  events.slow = slow.promise;
  const moved = move([0, 1]);
  await clock.advance(0);
  assert.equal(client.code, 4000);
  late.resolve();
  const next = connect();
  next.identify();
  await clock.advance(0);
  assert.equal(next.body("READY"), undefined);
  slow.resolve();
  await Promise.all([moved, clock.advance(0)]);
  assert.ok(next.body("READY"));
  assert.equal(away.code, undefined);
});

Deno.test("a client whose total does not fit comes again as long as guilds move, and ends with 4010 when they have", async () => {
  const { connect, clock, shards, move, gateway } = moving(6);
  const client = connect();
  client.identify();
  await clock.advance(0);
  assert.ok(client.body("READY"));
  await Promise.all([move(), clock.advance(0)]);
  assert.equal(client.ops.at(-1), OP.INVALID_SESSION);
  const early = connect();
  early.identify({ shard: [1, 6] });
  client.identify();
  await clock.advance(0);
  assert.deepEqual([client, early].map(({ ops }) => ops.at(-1)), [9, 9]);
  assert.deepEqual([client.code, early.code], [undefined, undefined]);
  shards.become(ownersOf(6));
  await gateway.moved(() => Promise.resolve(true));
  client.identify();
  early.identify({ shard: [1, 6] });
  await clock.advance(0);
  assert.equal(client.code, 4010);
  assert.match(client.closedWith!.reason, /6 in total, see GET \/gateway\/bot/);
  assert.ok(early.body("READY"));
});

Deno.test("nothing is given before it is written down, and nothing where it never is", async () => {
  const { events, connect, clock, shards, gateway } = moving();
  const client = connect();
  client.identify();
  await clock.advance(0);
  shards.become(ownersOf(4, 8, [0]));
  const written = Promise.withResolvers<boolean>();
  const moved = gateway.moved(() => written.promise);
  events.shard().event();
  await clock.advance(0);
  assert.deepEqual(client.dispatches, [["READY", 1]]);
  client.beat(1);
  assert.equal(events.shard().acknowledged, 0, "of other shards it says nothing");
  written.resolve(true);
  await Promise.all([moved, clock.advance(0)]);
  assert.equal(client.dispatches.at(-1)![0], "EVENT_1");
  shards.become(ownersOf(4));
  await gateway.moved(() => Promise.resolve(false));
  events.shard().event();
  await clock.advance(0);
  assert.equal(client.dispatches.at(-1)![0], "EVENT_1");
});

Deno.test("where the shards cannot be had the client begins anew", async () => {
  const { events, connect, clock, move } = moving();
  const client = connect();
  client.identify();
  await clock.advance(0);
  events.broken = new Error("no worker");
  await Promise.all([move(), clock.advance(0)]);
  assert.equal(client.ops.at(-1), OP.INVALID_SESSION);
  events.broken = null;
  client.identify();
  await clock.advance(0);
  assert.equal(client.dispatches.filter(([t]) => t === "READY").length, 2);
});
