import assert from "node:assert/strict";
import { ALL_INTENTS, grantedIntents, INTENTS } from "../../../protocol/discord/intents.ts";
import { OP } from "../../../protocol/discord/opcodes.ts";
import { type ScriptedClient, stage } from "./scripted_client.ts";

const struck = (sim: { ledger: { faults: { fault: string }[] } }) =>
  sim.ledger.faults.map(({ fault }) => fault);

Deno.test("connections are refused, or answered with 503, as often as was said", async () => {
  const { connect, sim } = stage();
  sim.faults.refuse({ times: 2 });
  sim.faults.answer503({ times: 1 });
  const failures = [];
  for (let i = 0; i < 4; i++) failures.push((await connect()).failure);
  assert.deepEqual(failures, [
    "connection refused",
    "connection refused",
    "Unexpected server response: 503",
    null,
  ]);
  assert.deepEqual(struck(sim), ["connection refused", "connection refused", "http 503"]);
  assert.deepEqual(
    sim.ledger.connections.map(({ refused }) => refused),
    ["refuse", "refuse", "http 503", null],
  );
});

Deno.test("a fault waits for its time, lasts as long as was said, and can be taken back", async () => {
  const { connect, clock, sim } = stage();
  sim.faults.refuse({ afterMs: 1000, forMs: 1000 });
  assert.equal((await connect()).failure, null);
  await clock.advance(1000);
  assert.equal((await connect()).failure, "connection refused");
  await clock.advance(1000);
  assert.equal((await connect()).failure, null);
  const takeBack = sim.faults.refuse();
  takeBack();
  assert.equal((await connect()).failure, null);
});

Deno.test("a probability strikes some, the same ones for the same seed", async () => {
  const run = async (seed: number) => {
    const { connect, clock, sim } = stage({ seed });
    sim.faults.refuse({ probability: 0.5 });
    const failures = [];
    for (let i = 0; i < 40; i++) {
      failures.push((await connect()).failure !== null);
      await clock.advance(300);
    }
    return failures;
  };
  const [first, again, other] = [await run(1), await run(1), await run(2)];
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);
  const hits = first.filter(Boolean).length;
  assert.ok(hits > 8 && hits < 32);
});

Deno.test("C1.3 op 7 in place of HELLO, no HELLO at all, and a cut right after HELLO", async () => {
  const { connect, clock, sim } = stage();
  sim.faults.reconnectInsteadOfHello({ times: 1 });
  const sent = await connect();
  assert.deepEqual(sent.payloads.map(({ op }) => op), [OP.RECONNECT]);
  await clock.advance(5000);
  assert.equal(sent.closedWith, 4000);
  sim.faults.noHello({ times: 1 });
  const silent = await connect();
  await clock.advance(100_000);
  assert.deepEqual([silent.opened, silent.payloads.length, silent.closedWith], [true, 0, null]);
  sim.faults.cutAfterHello({ times: 1 });
  const cut = await connect();
  assert.deepEqual(cut.payloads.map(({ op }) => op), [OP.HELLO]);
  assert.equal(cut.closedWith, 1006);
});

Deno.test("IDENTIFY can be left without an answer, or refused with op 9", async () => {
  const { connect, clock, sim } = stage();
  sim.faults.noReady({ times: 1, shardId: 0 });
  const silent = await connect();
  silent.identify();
  await clock.advance(10_000);
  assert.deepEqual(silent.payloads.map(({ op }) => op), [OP.HELLO]);
  sim.faults.refuseIdentify({ times: 1 });
  const refused = await connect();
  refused.identify();
  await clock.advance(5000);
  assert.deepEqual(refused.ofOp(OP.INVALID_SESSION).map(({ d }) => d), [false]);
  assert.deepEqual(sim.ledger.violations, []);
});

Deno.test("RESUME can be refused although the session lives, which ends it", async () => {
  const { ready, connect, clock, sim } = stage();
  const client = await ready();
  client.socket.destroy();
  sim.faults.refuseResume({ times: 1 });
  for (let i = 0; i < 2; i++) {
    const back = await connect();
    back.resume(client.sessionId, client.seq!);
    await clock.advance(20);
    assert.deepEqual(back.ofOp(OP.INVALID_SESSION).map(({ d }) => d), [false]);
  }
  assert.deepEqual(sim.ledger.resumes.map(({ ok }) => ok), [false, false]);
});

Deno.test("a fault strikes one shard, later, with any code; a mass close strikes all", async () => {
  const { ready, clock, sim } = stage({ shards: 2, maxConcurrency: 2 });
  const [zero, one] = [await ready(0, 2), await ready(1, 2)];
  sim.faults.close(4008, { shardId: 1, afterMs: 1000 });
  await clock.advance(990);
  assert.equal(one.closedWith, null);
  await clock.advance(20);
  assert.deepEqual([zero.closedWith, one.closedWith], [null, 4008]);
  sim.faults.close(1001);
  await clock.advance(20);
  assert.equal(zero.closedWith, 1001);
});

Deno.test("a close may end the session too, and sessions may be forgotten", async () => {
  const { ready, clock, sim } = stage({ shards: 2, maxConcurrency: 2 });
  const [zero, one] = [await ready(0, 2), await ready(1, 2)];
  sim.faults.close(1000, { shardId: 0, endSession: true });
  sim.faults.forgetSessions({ shardId: 1 });
  await clock.advance(20);
  const ended = [zero, one].map((client) =>
    sim.ledger.sessions.get(client.sessionId)!.ended?.reason
  );
  assert.deepEqual(ended, ["closed 1000", "forgotten"]);
});

Deno.test("a cut connection ends with 1006; a delay keeps the order", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  sim.faults.delay(300);
  sim.traffic.burst(2, "MESSAGE_CREATE");
  sim.faults.delay(0);
  sim.traffic.burst(2, "MESSAGE_CREATE");
  await clock.advance(290);
  assert.equal(client.events("MESSAGE_CREATE").length, 0);
  await clock.advance(20);
  const numbers = client.events("MESSAGE_CREATE").map(({ s }) => s);
  assert.equal(numbers.length, 4);
  assert.deepEqual(numbers, numbers.toSorted((a, b) => a! - b!));
  sim.faults.cut();
  await clock.advance(20);
  assert.equal(client.closedWith, 1006);
});

Deno.test("the next message can be made unreadable", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  sim.faults.corruptNext();
  client.message = (data) => client.raw.push(data);
  sim.traffic.burst(2, "MESSAGE_CREATE");
  await clock.advance(20);
  const [broken, whole] = client.raw.slice(-2).map((bytes) => new TextDecoder().decode(bytes));
  assert.throws(() => JSON.parse(broken!), SyntaxError);
  assert.equal(JSON.parse(whole!).t, "MESSAGE_CREATE");
});

Deno.test("chaos strikes again and again until it is stopped, and the ledger knows how", async () => {
  const { ready, clock, sim } = stage();
  const client = await ready();
  const stop = sim.faults.chaos({ everyMs: 1000, faults: ["cut"] });
  await clock.advance(1010);
  assert.equal(client.closedWith, 1006);
  await ready();
  stop();
  await clock.advance(10_000);
  assert.deepEqual(struck(sim), ["cut"]);
});

Deno.test("more connection attempts in a second than the shards explain are a storm", async () => {
  const { connect, sim } = stage({ connectsPerShardPerSecond: 5 });
  sim.faults.refuse();
  for (let i = 0; i < 5; i++) await connect();
  assert.deepEqual(sim.ledger.violations, []);
  await connect();
  assert.deepEqual(sim.ledger.violations.map(({ rule }) => rule), ["reconnect storm"]);
});

Deno.test("a session that is deaf to a type stays so over a RESUME, and a new session hears it", async () => {
  const { connect, ready, clock, sim } = stage({ guilds: 1 });
  const [guildId] = [...sim.world.guilds.keys()];
  const spoken = ["INTERACTION_CREATE", "TYPING_START"];
  const heard = async (client: ScriptedClient) => {
    for (const t of spoken) sim.world.emit(t, guildId!, {});
    await clock.advance(100);
    return client.names.filter((t) => spoken.includes(t!));
  };
  const first = await ready();
  sim.faults.deafen(["INTERACTION_CREATE"]);
  assert.deepEqual(await heard(first), ["TYPING_START"]);
  first.socket.close(4000, "");
  const second = await connect();
  second.resume(first.sessionId, first.seq!);
  await clock.advance(5_000);
  assert.deepEqual(await heard(second), ["TYPING_START"]);
  assert.deepEqual(await heard(await ready()), spoken);
  assert.deepEqual(struck(sim), ["deaf to INTERACTION_CREATE"]);
});

Deno.test("intents that are revoked close and end the sessions that have them, and the flags say so", async () => {
  const { ready, clock, sim } = stage({ maxConcurrency: 3 });
  const { GUILD_MEMBERS } = INTENTS;
  const wide = await ready(0, 3);
  const narrow = await ready(1, 3, ALL_INTENTS & ~GUILD_MEMBERS);
  sim.faults.revokeIntents(GUILD_MEMBERS);
  await clock.advance(100);
  assert.deepEqual([wide.closedWith, narrow.closedWith], [4014, null]);
  assert.equal(sim.ledger.sessions.get(wide.sessionId)!.ended!.reason, "closed 4014");
  assert.equal(grantedIntents(sim.world.application.flags) & GUILD_MEMBERS, 0);
  assert.equal((await ready(2, 3)).closedWith, 4014);
  sim.faults.grantIntents(GUILD_MEMBERS);
  await clock.advance(5_000);
  assert.equal((await ready(2, 3)).closedWith, null);
  assert.deepEqual(struck(sim), ["intents revoked"]);
});

Deno.test("a host can accept and never answer: the handshake, or RESUME", async () => {
  const { connect, ready, clock, sim } = stage();
  const first = await ready();
  first.socket.destroy();
  sim.faults.noHandshake({ times: 1 });
  const silent = await connect();
  await clock.advance(100_000);
  assert.deepEqual([silent.opened, silent.failure, silent.closedWith], [false, null, null]);
  sim.faults.noResumed({ times: 1 });
  for (const op of [OP.HELLO, OP.DISPATCH]) {
    const client = await connect();
    client.resume(first.sessionId, 1);
    await clock.advance(100);
    assert.equal(client.payloads.at(-1)!.op, op);
  }
  assert.deepEqual(struck(sim), ["no handshake", "no resumed"]);
});

Deno.test("what is said can be garbled, and the compression that was asked for ignored or broken", async () => {
  const { connect, sim } = stage();
  sim.settings.garble = (what, body) =>
    what === "HELLO" ? { ...body, heartbeat_interval: "soon" } : 7;
  assert.equal((await connect()).payloads[0]!.d.heartbeat_interval, "soon");
  sim.settings.compression = "ignored";
  const query = "v=10&encoding=json&compress=zlib-stream";
  assert.equal((await connect(query)).payloads[0]!.op, OP.HELLO);
  sim.settings.compression = "broken";
  assert.equal((await connect(query)).raw[0]![0], 7, "not how a stream begins");
  assert.equal((await connect()).payloads[0]!.op, OP.HELLO);
  assert.deepEqual(sim.ledger.connections.map(({ compression }) => compression), [
    ...["none", "zlib-stream", "zlib-stream", "none"],
  ]);
});
