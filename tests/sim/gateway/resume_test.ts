import assert from "node:assert/strict";
import { ALL_INTENTS, INTENTS } from "../../../protocol/discord/intents.ts";
import { OP } from "../../../protocol/discord/opcodes.ts";
import { type ScriptedClient, type Stage, stage } from "./scripted_client.ts";

const rules = (sim: { ledger: { violations: { rule: string }[] } }) =>
  sim.ledger.violations.map(({ rule }) => rule);

/** Resumes on the resume host and waits for what comes at once. */
async function resumed(
  { connect, clock, sim }: Stage,
  from: ScriptedClient,
  seq = from.seq!,
): Promise<ScriptedClient> {
  const client = await connect("v=10&encoding=json", sim.world.addresses.resumeUrl);
  client.resume(from.sessionId, seq);
  await clock.advance(200);
  return client;
}

const numbers = (client: ScriptedClient) => client.events().map(({ s }) => s);
const upTo = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

Deno.test("C4.1 a session lives 180 s after its connection, and no longer", async () => {
  const set = stage();
  const client = await set.ready();
  client.socket.close(4000, "");
  await set.clock.advance(179_000);
  const back = await resumed(set, client);
  assert.deepEqual(back.names, ["RESUMED"]);
  await set.clock.advance(10_000);
  assert.equal(set.sim.ledger.sessions.get(client.sessionId)!.ended, null, "held, it does not end");
  back.socket.destroy();
  await set.clock.advance(181_000);
  const late = await resumed(set, client);
  assert.deepEqual(late.ofOp(OP.INVALID_SESSION).map(({ d }) => d), [false]);
  assert.equal(set.sim.ledger.sessions.get(client.sessionId)!.ended!.reason, "expired");
});

for (const code of [1000, 1001]) {
  Deno.test(`C4.2 a client that closes with ${code} ends its session`, async () => {
    const set = stage();
    const client = await set.ready();
    client.socket.close(code, "");
    await set.clock.advance(20);
    assert.equal(client.closedWith, code);
    const back = await resumed(set, client);
    assert.deepEqual(back.ofOp(OP.INVALID_SESSION).map(({ d }) => d), [false]);
  });
}

Deno.test("C4.2 a client that closes with another code or vanishes keeps its session", async () => {
  const set = stage();
  const first = await set.ready();
  first.socket.close(4900, "");
  const second = await resumed(set, first);
  second.socket.destroy();
  const third = await resumed(set, first);
  assert.deepEqual(third.names.at(-1), "RESUMED");
});

Deno.test("C4.3 events while detached are numbered, filtered by intents, and replayed in order with their s", async () => {
  const set = stage();
  const client = await set.ready(0, 1, ALL_INTENTS & ~INTENTS.GUILD_PRESENCES);
  const last = client.seq!;
  client.socket.destroy();
  await set.clock.advance(20);
  set.sim.traffic.burst(50, "PRESENCE_UPDATE");
  set.sim.traffic.burst(250, "MESSAGE_CREATE");
  const back = await resumed(set, client);
  assert.deepEqual(numbers(back), upTo(last + 1, last + 251));
  assert.equal(back.names.at(-1), "RESUMED");
  assert.ok(back.names.slice(0, -1).every((t) => t === "MESSAGE_CREATE"));
  set.sim.traffic.burst(1, "MESSAGE_CREATE");
  await set.clock.advance(10);
  assert.equal(back.seq, last + 252, "live events go on where RESUMED was");
  assert.deepEqual(set.sim.ledger.resumes.map(({ ok, replayed }) => [ok, replayed]), [[true, 250]]);
});

Deno.test("C4.4 a wrong token is 4004, a seq from the future 4007", async () => {
  const set = stage();
  const client = await set.ready();
  const wrong = await set.connect();
  wrong.resume(client.sessionId, 1, "wrong");
  const future = await set.connect();
  future.resume(client.sessionId, client.seq! + 1);
  await set.clock.advance(20);
  assert.equal(wrong.closedWith, 4004);
  assert.equal(future.closedWith, 4007);
  assert.deepEqual(rules(set.sim), ["token", "resume seq"]);
});

Deno.test("C4.4 a seq older than the ring gets op 9 false; the oldest that is kept is replayed", async () => {
  const set = stage({ ringEvents: 30 });
  const client = await set.ready();
  client.socket.destroy();
  await set.clock.advance(20);
  set.sim.traffic.burst(100, "MESSAGE_CREATE");
  const last = client.seq! + 100;
  const edge = await resumed(set, client, last - 30);
  assert.deepEqual(numbers(edge), upTo(last - 29, last + 1));
  const old = await resumed(set, client, last - 30);
  assert.deepEqual(old.ofOp(OP.INVALID_SESSION).map(({ d }) => d), [false]);
});

Deno.test("C4.6 after op 9 false the same socket may identify", async () => {
  const set = stage();
  const client = await set.connect();
  client.resume("0".repeat(32), 5);
  await set.clock.advance(20);
  client.identify();
  await set.clock.advance(20);
  assert.equal(client.names[0], "READY");
});

Deno.test("C4.6 with the knob the server closes by itself after op 9 false", async () => {
  const set = stage({ closeAfterInvalidMs: 100 });
  const client = await set.connect();
  client.resume("0".repeat(32), 5);
  await set.clock.advance(50);
  assert.equal(client.closedWith, null);
  await set.clock.advance(100);
  assert.equal(client.closedWith, 4000);
});

Deno.test("C4.7 op 9 true leaves the session: it is resumed on the same socket or another, and costs nothing", async () => {
  const set = stage();
  const client = await set.ready();
  set.sim.faults.invalidate(true);
  await set.clock.advance(20);
  assert.deepEqual(client.ofOp(OP.INVALID_SESSION).map(({ d }) => d), [true]);
  client.resume(client.sessionId, client.seq!);
  await set.clock.advance(20);
  assert.equal(client.names.at(-1), "RESUMED");
  set.sim.faults.postponeResume({ times: 1 });
  const postponed = await resumed(set, client);
  assert.deepEqual(postponed.ofOp(OP.INVALID_SESSION).map(({ d }) => d), [true]);
  assert.equal((await resumed(set, client)).names.at(-1), "RESUMED");
  assert.equal(set.sim.world.sessionStarts.remaining(), 999);
});

Deno.test("C4.7 op 9 false to a live session ends it", async () => {
  const set = stage();
  const client = await set.ready();
  set.sim.faults.invalidate(false);
  await set.clock.advance(20);
  const back = await resumed(set, client);
  assert.deepEqual(back.ofOp(OP.INVALID_SESSION).map(({ d }) => d), [false]);
});

Deno.test("C4.8 op 7 is followed by a close 2 to 5 s later, unless the client goes first", async () => {
  const set = stage();
  const client = await set.ready();
  set.sim.faults.reconnect();
  await set.clock.advance(1990);
  assert.equal(client.ofOp(OP.RECONNECT).length, 1);
  assert.equal(client.closedWith, null);
  await set.clock.advance(3100);
  assert.equal(client.closedWith, 4000);
});

Deno.test("C4.9 with the knob a session resumed on the base host is sent away soon", async () => {
  const set = stage({ baseResumePenaltyMs: 500 });
  const client = await set.ready();
  client.socket.destroy();
  const base = await set.connect();
  base.resume(client.sessionId, client.seq!);
  await set.clock.advance(600);
  assert.equal(base.ofOp(OP.RECONNECT).length, 1);
  const proper = await resumed(set, client);
  await set.clock.advance(600);
  assert.equal(proper.ofOp(OP.RECONNECT).length, 0);
  assert.deepEqual(set.sim.ledger.resumes.map(({ host }) => host), ["base", "resume"]);
});

Deno.test("C4.10 a resume takes over from an open connection, which is closed", async () => {
  const set = stage();
  const old = await set.ready();
  const fresh = await resumed(set, old);
  assert.equal(old.closedWith, 4000);
  set.sim.traffic.burst(3, "MESSAGE_CREATE");
  await set.clock.advance(20);
  assert.deepEqual(fresh.names.slice(-3), Array(3).fill("MESSAGE_CREATE"));
  await set.clock.advance(50_000);
  assert.equal(set.sim.ledger.sessions.get(old.sessionId)!.ended, null);
});

Deno.test("C4.11 the resume host can be dead while the base host lives", async () => {
  const set = stage();
  set.sim.faults.killResumeHost();
  const { addresses } = set.sim.world;
  assert.equal(
    (await set.connect("v=10", addresses.resumeUrl)).failure,
    "connection refused",
  );
  assert.equal((await set.connect("v=10", addresses.gatewayUrl)).failure, null);
});

Deno.test("C4.12 the same shard identified twice is two sessions, each with every event; other counts live beside", async () => {
  const set = stage({ maxConcurrency: 4 });
  const one = await set.ready(0, 1);
  await set.clock.advance(5000);
  const two = await set.ready(0, 1);
  await set.clock.advance(5000);
  const halves = [await set.ready(0, 2), await set.ready(1, 2)];
  set.sim.traffic.burst(40, "MESSAGE_CREATE");
  await set.clock.advance(20);
  const ids = (client: ScriptedClient) => client.events("MESSAGE_CREATE").map(({ d }) => d.id);
  assert.equal(ids(one).length, 40);
  assert.deepEqual(ids(two), ids(one));
  assert.deepEqual(halves.flatMap(ids).sort(), ids(one).sort());
  assert.ok(halves.every((half) => ids(half).length > 0));
});

Deno.test("C4.13 a resume with another version gets op 9 false, and the session stays", async () => {
  const set = stage();
  const client = await set.ready();
  client.socket.destroy();
  const other = await set.connect("v=9&encoding=json");
  other.resume(client.sessionId, client.seq!);
  await set.clock.advance(20);
  assert.deepEqual(other.ofOp(OP.INVALID_SESSION).map(({ d }) => d), [false]);
  assert.deepEqual((await resumed(set, client)).names, ["RESUMED"]);
});

Deno.test("a client that falls off in the middle of a replay resumes from where it was", async () => {
  const set = stage({ replayPerStep: 10, replayStepMs: 10 });
  const client = await set.ready();
  client.socket.destroy();
  await set.clock.advance(20);
  set.sim.traffic.burst(100, "MESSAGE_CREATE");
  const first = await set.connect();
  first.resume(client.sessionId, client.seq!);
  await set.clock.advance(45);
  first.socket.destroy();
  assert.ok(numbers(first).length > 0 && numbers(first).length < 100);
  const second = await resumed(set, client, first.seq!);
  assert.deepEqual(
    [...numbers(first), ...numbers(second)],
    upTo(client.seq! + 1, client.seq! + 101),
  );
});
