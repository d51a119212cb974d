import assert from "node:assert/strict";
import { calculateShardId } from "../../../protocol/ids.ts";
import { stage } from "../gateway/scripted_client.ts";

Deno.test("events come at the rate that is set, from the moment it is set", async () => {
  const { ready, clock, sim } = stage({ guilds: 1 });
  const client = await ready();
  const start = client.events().length;
  sim.traffic.setRate(100);
  await clock.advance(2006);
  assert.equal(client.events().length - start, 200);
  sim.traffic.setRate(1000);
  await clock.advance(1006);
  assert.equal(client.events().length - start, 1200);
  sim.traffic.setRate(0);
  await clock.advance(1000);
  assert.equal(client.events().length - start, 1200);
  assert.equal(sim.traffic.sent, 1200);
});

Deno.test("every kind is valid JSON in its shape, on the right shard", async () => {
  const { ready, clock, sim } = stage({ guilds: 40, shards: 2, maxConcurrency: 2 });
  const clients = [await ready(0, 2), await ready(1, 2)];
  sim.traffic.burst(2000);
  await clock.advance(100);
  const kinds = new Set<string>();
  for (const [shardId, client] of clients.entries()) {
    for (const { t, d } of client.events().slice(21)) {
      kinds.add(t!);
      if (d.guild_id) assert.equal(calculateShardId(d.guild_id, 2), shardId);
      else assert.equal(shardId, 0);
    }
  }
  assert.equal(kinds.size, 8);
});

Deno.test("what comes directly is of a direct message channel, without a member", () => {
  const { sim } = stage({ guilds: 1 });
  const direct: Record<string, unknown>[] = [];
  sim.world.listen((_t, guildId, { head, tail }) => {
    if (guildId === null) direct.push(JSON.parse(head + tail.text));
  });
  sim.traffic.burst(201, "MESSAGE_CREATE");
  sim.traffic.burst(200, "TYPING_START");
  assert.ok(direct.some(({ channel_type }) => channel_type === 1));
  assert.ok(direct.some(({ timestamp }) => typeof timestamp === "number"));
  for (const d of direct) {
    assert.equal(d.channel_id, sim.world.directChannel.id);
    assert.notEqual(d.channel_type, 0);
    assert.ok(!("member" in d) && !("guild_id" in d));
  }
});

Deno.test("the ids and nonces of messages only grow, and a nonce never skips", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  sim.traffic.burst(500);
  await clock.advance(10);
  sim.traffic.burst(500);
  await clock.advance(10);
  const messages = client.events("MESSAGE_CREATE").map(({ d }) => d);
  assert.ok(messages.length > 100);
  assert.deepEqual(messages.map(({ nonce }) => Number(nonce)), messages.map((_, i) => i + 1));
  const ids = messages.map(({ id }) => BigInt(id));
  assert.ok(ids.every((id, i) => i === 0 || id > ids[i - 1]!));
});

Deno.test("a message is about 1200 bytes, or what was set", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  const size = async () => {
    sim.traffic.burst(100, "MESSAGE_CREATE");
    await clock.advance(10);
    const sizes = client.raw.slice(-100).map(({ length }) => length);
    return sizes.reduce((sum, length) => sum + length, 0) / 100;
  };
  const usual = await size();
  assert.ok(usual > 1100 && usual < 1350, String(usual));
  sim.traffic.setMessageBytes(4000);
  assert.ok(Math.abs(await size() - 4000) < 250);
});

Deno.test("the mix can be changed; one without weight is an error", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  const before = client.events().length;
  sim.traffic.setMix({ TYPING_START: 3, INTERACTION_CREATE: 1 });
  sim.traffic.burst(400);
  await clock.advance(10);
  const names = client.names.slice(before);
  assert.deepEqual([...new Set(names)].sort(), ["INTERACTION_CREATE", "TYPING_START"]);
  const interactions = names.filter((t) => t === "INTERACTION_CREATE").length;
  assert.ok(interactions > 50 && interactions < 150, String(interactions));
  assert.throws(() => sim.traffic.setMix({}), RangeError);
});

Deno.test("no event is sent to a guild that is down", async () => {
  const { ready, clock, sim } = stage({ guilds: 2 });
  const client = await ready();
  const [down] = [...sim.world.guilds.values()];
  down!.state = "down";
  sim.traffic.burst(200);
  await clock.advance(10);
  assert.ok(client.events().slice(3).every(({ d }) => d.guild_id !== down!.id));
});

Deno.test("with recordEvents the ledger knows what every session got", async () => {
  const { ready, clock, sim } = stage({ recordEvents: true });
  const client = await ready();
  client.socket.destroy();
  sim.traffic.burst(5, "MESSAGE_CREATE");
  await clock.advance(10);
  const own = sim.ledger.events.filter(({ sessionId }) => sessionId === client.sessionId);
  assert.deepEqual(own.map(({ s }) => s), own.map((_, i) => i + 1));
  assert.equal(own.length, sim.ledger.sessions.get(client.sessionId)!.lastS);
  assert.equal(new Set(own.slice(-5).map(({ key }) => key)).size, 5);
});
