import assert from "node:assert/strict";
import { ALL_INTENTS, INTENTS } from "../../../protocol/discord/intents.ts";
import { OP } from "../../../protocol/discord/opcodes.ts";
import { stage } from "./scripted_client.ts";

const rules = (sim: { ledger: { violations: { rule: string }[] } }) =>
  sim.ledger.violations.map(({ rule }) => rule);

Deno.test("C1.1 an unknown version is closed with 4012, an unknown encoding or compression with 4002", async () => {
  const { connect } = stage();
  const cases = [["v=5&encoding=json", 4012], ["v=11&encoding=json", 4012], ["v=x", 4012]] as const;
  for (const [query, code] of cases) assert.equal((await connect(query)).closedWith, code, query);
  assert.equal((await connect("v=10&encoding=etf")).closedWith, 4002);
  assert.equal((await connect("v=10&encoding=json&compress=lz4")).closedWith, 4002);
  assert.equal((await connect("v=9&encoding=json")).closedWith, null);
});

Deno.test("C1.2 HELLO comes first, with the interval, a trace, and Discord's order of keys", async () => {
  const { connect } = stage();
  const client = await connect();
  const text = new TextDecoder().decode(client.raw[0]);
  assert.equal(
    text,
    '{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,"_trace":["sim-gateway"]}}',
  );
  assert.equal(client.raw.length, 1);
});

Deno.test("C1.4 IDENTIFY is refused with the code that Discord documents", async () => {
  const cases: [Record<string, unknown>, number][] = [
    [{ token: "wrong" }, 4004],
    [{ shard: [1, 1] }, 4010],
    [{ shard: [-1, 1] }, 4010],
    [{ shard: "0,1" }, 4010],
    [{ shard: [0] }, 4010],
    [{ shard: [0.5, 1] }, 4010],
    [{ intents: undefined }, 4013],
    [{ intents: 1 << 17 }, 4013],
    [{ intents: INTENTS.MESSAGE_CONTENT }, 4014],
    [{ properties: undefined }, 4002],
    [{ presence: "online" }, 4002],
    [{ presence: { activities: ["chess"] } }, 4002],
  ];
  const granted = INTENTS.GUILD_MEMBERS | INTENTS.GUILD_PRESENCES;
  const { connect, clock, sim } = stage({ privilegedIntents: granted });
  for (const [changes, code] of cases) {
    const client = await connect();
    client.identify(changes);
    await clock.advance(1000);
    assert.equal(client.closedWith, code, JSON.stringify(changes));
  }
  assert.equal(sim.ledger.violations.length, cases.length);
  assert.equal(sim.ledger.identifies.length, 0);
});

Deno.test("C1.4 a large bot's shard count must be a multiple, and 2500 guilds a shard are the most", async () => {
  const { connect, clock, sim } = stage({ largeBotMultiple: 16, maxGuildsPerShard: 5, guilds: 24 });
  const identify = async (shard: [number, number]) => {
    const client = await connect();
    client.identify({ shard });
    await clock.advance(5000);
    return client.closedWith;
  };
  assert.equal(await identify([0, 8]), 4010);
  assert.equal(await identify([0, 16]), null);
  sim.settings.largeBotMultiple = null;
  assert.equal(await identify([0, 2]), 4011);
});

Deno.test("C1.4 anything but a heartbeat before IDENTIFY is closed with 4003", async () => {
  const { connect, clock, sim } = stage();
  const client = await connect();
  client.send(OP.PRESENCE_UPDATE, { status: "online", activities: [], since: null, afk: false });
  await clock.advance(20);
  assert.equal(client.closedWith, 4003);
  assert.deepEqual(rules(sim), ["not authenticated"]);
});

Deno.test("C1.4 a second IDENTIFY is 4005, an unknown opcode 4001, nonsense 4002", async () => {
  const { ready, clock, connect } = stage();
  const twice = await ready();
  twice.identify();
  const opcode = await connect();
  opcode.send(14, {});
  const nonsense = await connect();
  nonsense.socket.send("{not json");
  const array = await connect();
  array.socket.send("[1]");
  const latin = await connect();
  latin.socket.sendBytes(Uint8Array.of(0x7b, 0xff, 0x7d));
  await clock.advance(20);
  assert.deepEqual(
    [twice, opcode, nonsense, array, latin].map((client) => client.closedWith),
    [4005, 4001, 4002, 4002, 4002],
  );
});

Deno.test("C1.4 a payload of 4096 bytes passes, one more is closed with 4002", async () => {
  const { connect, clock, sim } = stage();
  const payload = (bytes: number) => {
    const frame = '{"op":1,"d":null,"x":""}';
    return frame.replace('""', `"${"x".repeat(bytes - frame.length)}"`);
  };
  const fits = await connect();
  fits.socket.send(payload(4096));
  const large = await connect();
  large.socket.send(payload(4097));
  await clock.advance(20);
  assert.equal(fits.closedWith, null);
  assert.equal(large.closedWith, 4002);
  assert.deepEqual(rules(sim), ["payload too large"]);
});

Deno.test("C1.5 the token is taken with and without Bot, and a heartbeat before IDENTIFY is acknowledged", async () => {
  const { connect, clock, sim } = stage({ maxConcurrency: 2 });
  const client = await connect();
  client.beat(null);
  client.identify({ token: "Bot sim-token" });
  await clock.advance(20);
  assert.deepEqual(client.payloads.map(({ op }) => op).slice(0, 3), [10, 11, 0]);
  assert.deepEqual(rules(sim), []);
});

Deno.test("C1.6 READY names a resume host of its own and echoes the shard only where it was sent", async () => {
  const { connect, clock, ready, sim } = stage();
  const unsharded = await connect();
  unsharded.identify();
  await clock.advance(5000);
  const sharded = await ready(0, 1);
  const [without, withShard] = [unsharded, sharded].map((client) => client.events("READY")[0]!.d);
  assert.equal("shard" in without, false);
  assert.deepEqual(withShard.shard, [0, 1]);
  assert.equal(without.v, 10);
  assert.equal(without.application.id, sim.world.application.id);
  assert.notEqual(
    new URL(without.resume_gateway_url).host,
    new URL(sim.world.addresses.gatewayUrl).host,
  );
  assert.equal(new URL(without.resume_gateway_url).search, "");
});

Deno.test("C1.7 READY has s 1 and the undocumented fields", async () => {
  const client = await stage().ready();
  const ready = client.events("READY")[0]!;
  assert.equal(ready.s, 1);
  for (const field of ["user_settings", "session_type", "relationships", "_trace", "auth"]) {
    assert.ok(field in ready.d, field);
  }
});

Deno.test("C2.1 a second IDENTIFY of the same key within 5 s gets op 9 false within 3 s, and the socket stays", async () => {
  const { connect, clock, sim, ready } = stage({ shards: 4, maxConcurrency: 2 });
  await ready(0, 4);
  const early = await connect();
  early.identify({ shard: [2, 4] });
  await clock.advance(3020);
  assert.deepEqual(early.ofOp(OP.INVALID_SESSION).map(({ d }) => d), [false]);
  assert.equal(early.events().length, 0);
  assert.equal(early.closedWith, null);
  assert.deepEqual(rules(sim), ["identify pace"]);
  assert.deepEqual(sim.ledger.identifies.map(({ accepted }) => accepted), [true, false]);
});

Deno.test("C2.2 different keys pass in the same 5 s, the same key 5 s after it was received", async () => {
  const { ready, clock, sim } = stage({ shards: 4, maxConcurrency: 2 });
  for (const id of [0, 1]) assert.equal((await ready(id, 4)).names[0], "READY");
  await clock.advance(5000 - 240);
  assert.equal((await ready(2, 4)).names[0], "READY");
  assert.deepEqual(rules(sim), []);
});

Deno.test("C2.3 an accepted IDENTIFY costs one of the budget, a refused one only with the knob, RESUME nothing", async () => {
  const { connect, clock, sim, ready } = stage({ startLimit: { total: 10 } });
  const { sessionStarts } = sim.world;
  assert.equal(sessionStarts.resetAfterMs(), 0);
  const first = await ready();
  assert.equal(sessionStarts.remaining(), 9);
  const refused = await connect();
  refused.identify();
  await clock.advance(10);
  assert.equal(sessionStarts.remaining(), 9);
  sim.settings.refusedIdentifiesCost = true;
  refused.identify();
  await clock.advance(10);
  assert.equal(sessionStarts.remaining(), 8);
  (await connect()).resume(first.sessionId, 1);
  await clock.advance(10);
  assert.equal(sessionStarts.remaining(), 8);
  await clock.advance(86_400_000);
  assert.equal(sessionStarts.remaining(), 10);
});

Deno.test("C2.4 an overdrawn budget ends every session and rotates the token", async () => {
  const { ready, clock, connect, sim } = stage({ startLimit: { total: 1 } });
  const first = await ready();
  await clock.advance(5000);
  const second = await connect();
  second.identify();
  await clock.advance(20);
  assert.deepEqual([first.closedWith, second.closedWith], [4004, 4004]);
  assert.equal(sim.world.acceptsToken("sim-token"), false);
  assert.deepEqual(rules(sim), ["budget exhausted"]);
  const after = await connect();
  after.resume(first.sessionId, 1);
  await clock.advance(20);
  assert.equal(after.closedWith, 4004);
});

Deno.test("C2.6 a shard that begins after a later group is out of order; one that comes back is not", async () => {
  const { ready, clock, sim } = stage({ shards: 4, maxConcurrency: 2 });
  const at = async (id: number) => {
    await ready(id, 4);
    await clock.advance(5000);
  };
  await at(0);
  await at(2);
  assert.deepEqual(rules(sim), []);
  await at(1);
  assert.deepEqual(rules(sim), ["order"]);
  await at(0);
  assert.deepEqual(rules(sim), ["order"]);
});

Deno.test("payload compression asked for in IDENTIFY compresses what is worth it", async () => {
  const { connect, clock } = stage();
  const client = await connect();
  client.identify({ compress: true, intents: ALL_INTENTS });
  client.beat(null);
  await clock.advance(20);
  assert.equal(client.raw[1]![0], 0x78, "READY is a zlib blob");
  assert.ok(client.payloads.some(({ op }) => op === OP.HEARTBEAT_ACK), "the ACK is text");
});
