/** What a session gives its client: the guilds that it begins with, then events, by number. */

import assert from "node:assert/strict";
import { OP } from "../../protocol/discord/opcodes.ts";
import { type ScriptedConsumer, type Stage, stage } from "./stage.ts";

/** A shard with five guilds, one of them away, all dealt with. The fourth event is dealt with, too. */
function withGuilds(): Stage {
  const on = stage();
  const shard = on.events.shard();
  for (const id of ["11", "12", "13", "14", "15"]) shard.guild("GUILD_CREATE", id);
  shard.guild("GUILD_DELETE", "12", true);
  shard.acknowledge(shard.last);
  return on;
}

/** The guilds that came as GUILD_CREATE: id, number. */
function created({ payloads }: ScriptedConsumer): [string, number | null][] {
  return payloads.filter(({ t }) => t === "GUILD_CREATE").map(({ d, s }) => [d.id, s]);
}

Deno.test("READY lists every guild, then those that are there come, then the events, by number", async () => {
  const { ready, events } = withGuilds();
  events.shard().event();
  const { client } = await ready();
  const { guilds } = client.body("READY");
  assert.deepEqual(guilds.map(({ id }: { id: string }) => id), ["11", "13", "14", "15", "12"]);
  assert.ok(guilds.every(({ unavailable }: { unavailable: boolean }) => unavailable));
  assert.deepEqual(created(client), [["11", 2], ["13", 3], ["14", 4], ["15", 5]]);
  assert.deepEqual(client.dispatches.at(-1), ["EVENT_7", 6]);
  assert.equal(client.body("GUILD_CREATE").cursor, 5, "the body is another than the worker's");
});

Deno.test("events that wait are not in the guilds: each is seen once", async () => {
  const { ready, events } = withGuilds();
  events.shard().guild("GUILD_CREATE", "16");
  events.shard().guild("GUILD_DELETE", "11");
  const { client } = await ready();
  assert.deepEqual(created(client).map(([id]) => id), ["11", "13", "14", "15", "16"]);
  assert.deepEqual(client.dispatches.slice(-2), [["GUILD_CREATE", 6], ["GUILD_DELETE", 7]]);
});

Deno.test("a client that has not asked for GUILDS gets none", async () => {
  const { connect, clock, events } = withGuilds();
  const client = connect();
  client.identify({ intents: 0 });
  await clock.advance(0);
  events.shard().event("INTERACTION_CREATE");
  assert.deepEqual(client.dispatches, [["READY", 1], ["INTERACTION_CREATE", 2]]);
});

Deno.test("heartbeats and commands work between the guilds, and acknowledge no event", async () => {
  const { connect, clock, events, sentUp } = withGuilds();
  const shard = events.shard();
  shard.event();
  const client = connect();
  const read = Promise.withResolvers<void>();
  client.reading = read.promise;
  client.identify();
  await clock.advance(0);
  assert.deepEqual(created(client), [["11", 2], ["13", 3]]);
  client.beat(3);
  client.send(OP.PRESENCE_UPDATE, { status: "idle" });
  await clock.advance(0);
  assert.equal(client.ops.at(-1), OP.HEARTBEAT_ACK);
  assert.equal(sentUp.length, 1);
  assert.equal(shard.acknowledged, 6);
  assert.deepEqual(shard.guilds.asked, [[6, 0]], "more was asked for than the client takes");
  read.resolve();
  await clock.advance(0);
  assert.deepEqual(shard.guilds.asked, [[6, 0], [6, 2]]);
  assert.deepEqual(client.dispatches.at(-1), ["EVENT_7", 6]);
  client.beat(6);
  assert.equal(shard.acknowledged, 7);
});

Deno.test("a client that takes nothing is closed for its silence, and the shard is its until it comes back", async () => {
  const { connect, clock, events } = withGuilds();
  const client = connect();
  client.reading = new Promise(() => {});
  client.identify();
  await clock.advance(50_000);
  assert.equal(client.code, 4009);
  assert.deepEqual(created(client).length, 2);
  assert.equal(events.shard().consumer, "held");
});

for (const life of ["the same", "the next"]) {
  Deno.test(`RESUME in the midst of the guilds goes on there, in ${life} life of the unit`, async () => {
    const first = withGuilds();
    const { events, clock } = first;
    const client = first.connect();
    client.reading = new Promise(() => {});
    client.identify();
    await clock.advance(0);
    client.close(1006);
    events.shard().guild("GUILD_DELETE", "15");
    const now = life === "the same" ? first : first.restart();
    const back = now.connect();
    back.resume(client.body("READY").session_id, 2);
    await clock.advance(0);
    assert.deepEqual(created(back), [["13", 3], ["14", 4], ["15", 5]]);
    assert.deepEqual(back.dispatches.slice(-2), [["GUILD_DELETE", 6], ["RESUMED", 6]]);
    back.beat(6);
    assert.equal(events.shard().acknowledged, 7);
  });
}

Deno.test("RESUME after the last guild asks for none, although no event has come", async () => {
  const { ready, connect, clock, events } = withGuilds();
  const { client, sessionId } = await ready();
  const asked = events.shard().guilds.asked.length;
  client.close(1006);
  const back = connect();
  back.resume(sessionId, 5);
  await clock.advance(0);
  assert.deepEqual(back.dispatches, [["RESUMED", 5]]);
  assert.equal(events.shard().guilds.asked.length, asked);
});

Deno.test("a session after one that was cut among the guilds begins with all of them", async () => {
  const { ready, connect, clock } = withGuilds();
  const { client } = await ready();
  client.close(4200);
  const next = connect();
  next.identify();
  await clock.advance(0);
  assert.deepEqual(created(next), created(client));
  assert.equal(next.body("GATEHOUSE_REPEAT"), undefined);
});

Deno.test("what may come again is marked by its numbers, after the guilds", async () => {
  const { ready, connect, clock, events } = withGuilds();
  const { client } = await ready();
  events.shard().event();
  events.shard().event();
  client.close(1006);
  const next = connect();
  next.identify();
  await clock.advance(0);
  assert.deepEqual(next.dispatches.slice(-4), [
    ["GUILD_CREATE", 5],
    ["GATEHOUSE_REPEAT", 5],
    ["EVENT_7", 6],
    ["EVENT_8", 7],
  ]);
  assert.deepEqual(next.body("GATEHOUSE_REPEAT"), { shard: 0, from: 6, to: 7 });
});

Deno.test("where the guilds are not known READY lists those of the estate, and events follow it", async () => {
  const { ready, events } = withGuilds();
  events.shard().guilds.isUnknown = true;
  events.shard().event();
  const { client } = await ready();
  assert.deepEqual(client.body("READY").guilds.length, 2);
  assert.deepEqual(client.dispatches, [["READY", 1], ["EVENT_7", 2]]);
});

Deno.test("guilds that are not known any more in their midst are left out, and the events go on", async () => {
  const { connect, clock, events } = withGuilds();
  const client = connect();
  const read = Promise.withResolvers<void>();
  client.reading = read.promise;
  client.identify();
  await clock.advance(0);
  events.shard().guilds.isUnknown = true;
  events.shard().event();
  read.resolve();
  await clock.advance(0);
  assert.deepEqual(client.dispatches, [
    ["READY", 1],
    ["GUILD_CREATE", 2],
    ["GUILD_CREATE", 3],
    ["EVENT_7", 6],
  ]);
});

Deno.test("a session whose guilds are others than it began with has to begin anew", async () => {
  const first = withGuilds();
  const { client, sessionId } = await first.ready();
  client.close(1006);
  const shard = first.events.shard();
  shard.guilds.events.push({ cursor: 6, t: "GUILD_CREATE", id: "99" });
  const back = first.connect();
  back.resume(sessionId, 3);
  await first.clock.advance(0);
  assert.equal(back.ops.at(-1), OP.INVALID_SESSION);
  back.identify();
  await first.clock.advance(0);
  assert.deepEqual(created(back).map(([id]) => id), ["11", "13", "14", "15", "99"]);
});

Deno.test("what is not for a client is acknowledged with what is, once that is written down", async () => {
  const first = withGuilds();
  const { client, sessionId } = await first.ready();
  const shard = first.events.shard();
  shard.message();
  shard.event();
  shard.message();
  assert.deepEqual(client.dispatches.at(-1), ["EVENT_8", 7]);
  client.beat(6);
  assert.equal(shard.acknowledged, 7, "of what came since it has acknowledged nothing");
  client.beat(7);
  assert.equal(shard.acknowledged, 8);
  const { sessions } = first.gateway;
  const saved = sessions.save();
  sessions.written(saved);
  assert.equal(shard.acknowledged, 9);
  const next = first.restart(saved);
  const back = next.connect();
  back.resume(sessionId, 7);
  await next.clock.advance(0);
  assert.deepEqual(back.dispatches, [["RESUMED", 7]]);
  shard.event();
  assert.deepEqual(back.dispatches.at(-1), ["EVENT_10", 9]);
});

Deno.test("what is not for a client is not acknowledged before that is written down", async () => {
  const first = withGuilds();
  const { client, sessionId } = await first.ready();
  const saved = first.gateway.sessions.save();
  first.events.shard().message();
  client.beat(5);
  const next = first.restart(saved);
  const back = next.connect();
  back.resume(sessionId, 5);
  await next.clock.advance(0);
  assert.deepEqual(back.dispatches, [["RESUMED", 5]]);
});

Deno.test("what somebody else is done with is not what a client has passed by", async () => {
  const { ready, connect, clock, events } = withGuilds();
  const { client, sessionId } = await ready();
  client.close(1006);
  events.shard().acknowledge(events.shard().event());
  const back = connect();
  back.resume(sessionId, 5);
  await clock.advance(0);
  assert.equal(back.ops.at(-1), OP.INVALID_SESSION);
});

Deno.test("guilds that are lost with a session of the shard are told, also to a client that is cut among them", async () => {
  const { ready, connect, clock, events } = withGuilds();
  const { client, sessionId } = await ready();
  events.shard().begin("13", "21");
  const deletes = ({ payloads }: ScriptedConsumer) =>
    payloads.filter(({ t }) => t === "GUILD_DELETE").map(({ s, d }) => [s, d.id, d.unavailable]);
  const lost = [
    [6, "13", undefined],
    [6, "11", true],
    [6, "12", true],
    [6, "14", true],
    [7, "15", true],
  ];
  assert.deepEqual(deletes(client), lost);
  assert.equal(client.body("GATEHOUSE_GAP").from, null);
  client.close(1006);
  const back = connect();
  back.resume(sessionId, 6);
  await clock.advance(0);
  assert.deepEqual(deletes(back), lost);
  assert.deepEqual(back.dispatches.at(-1), ["RESUMED", 7]);
});

Deno.test("a client that waits for all guilds hears of those that never come, and of the others when they are here", async () => {
  const { ready, events } = withGuilds();
  const shard = events.shard();
  shard.guilds.isUnknown = true;
  const { client } = await ready();
  shard.begin("13", "21");
  shard.guild("GUILD_CREATE", "11");
  assert.deepEqual(client.dispatches.slice(1), [
    ["GATEHOUSE_GAP", 2],
    ["GUILD_DELETE", 3],
    ["GUILD_CREATE", 4],
  ]);
  shard.begin("99", "21");
  assert.equal(client.payloads.filter(({ d }) => d?.unavailable === true).length, 5);
});
