import assert from "node:assert/strict";
import { OP } from "../../protocol/discord/opcodes.ts";
import { createRig } from "../support/rig.ts";
import { INTENTS, POINT, setUp, TOKEN } from "./shard_stage.ts";

Deno.test("a shard identifies, gets ready and hands on every event in order", async () => {
  const rig = await createRig();
  rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(100);
  await rig.clock.advance(10_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(1_000);
  assert.ok(rig.got.length > 900, `${rig.got.length} events`);
  rig.assertNothingLost();
  rig.assertNoViolations();
});

for (const [what, point] of [["READY", null], ["RESUMED", POINT]] as const) {
  Deno.test(`a shard that is paused does not give up waiting for ${what}`, async () => {
    const { clock, shard, last, hello, event, ready } = setUp();
    shard.pause(true);
    shard.start(point, 1_000);
    shard.allow(1, INTENTS);
    hello();
    await clock.advance(300_000);
    assert.deepEqual([shard.tally.reconnects, last().isPaused], [{}, true]);
    shard.pause(false);
    await clock.advance(1_000);
    if (point) event("RESUMED", 8);
    else ready();
    assert.equal(shard.status.state, "ready");
  });

  Deno.test(`a shard that was paused gives up waiting for ${what} in the end`, async () => {
    const { clock, shard, hello } = setUp();
    shard.start(point, 1_000);
    shard.allow(1, INTENTS);
    hello();
    await clock.advance(1_000);
    for (const isPaused of [true, false]) shard.pause(isPaused);
    await clock.advance(130_000);
    assert.notDeepEqual(shard.tally.reconnects, {});
  });
}

Deno.test("a new shard connects only when it is allowed to, and reports the IDENTIFY it sends", () => {
  const { shard, sockets, last, hello, gate } = setUp();
  shard.start(null, 0);
  assert.deepEqual([gate, sockets.length], [["ask 3"], 0]);
  shard.allow(42, INTENTS);
  assert.equal(last().url, "wss://gateway.test/?v=10&encoding=json");
  hello();
  assert.deepEqual(gate, ["ask 3", "sent 3 with 42"]);
  const { op, d } = JSON.parse(last().sent[0]!);
  assert.deepEqual([op, d.token, d.shard, d.intents], [OP.IDENTIFY, TOKEN, [3, 4], 513]);
});

Deno.test("a shard with a point resumes on its host, without asking", () => {
  const { shard, last, hello, gate } = setUp();
  shard.start(POINT, 1_000);
  assert.match(last().url, /^wss:\/\/resume\.test\//);
  hello();
  const { op, d } = JSON.parse(last().sent[0]!);
  assert.deepEqual([op, d], [OP.RESUME, { token: TOKEN, session_id: "old", seq: 7 }]);
  assert.deepEqual(gate, []);
});

Deno.test("a shard whose session another unit may have resumed waits before it resumes", async () => {
  const { identified, drop, sockets, clock, doubts } = setUp();
  identified();
  doubts.leastPauseMs = 20_000;
  await drop(4000);
  await clock.advance(15_900);
  assert.equal(sockets.length, 1);
  await clock.advance(200);
  assert.equal(sockets.length, 2);
  doubts.leastPauseMs = 0;
});

Deno.test("a resumed shard gives events their cursors and drops those that it had", () => {
  const { shard, hello, event, accepted } = setUp();
  shard.start(POINT, 1_000);
  hello();
  for (const s of [7, 8, 9, 9]) event("MESSAGE_CREATE", s);
  event("RESUMED", 10);
  assert.deepEqual(accepted, ["108 MESSAGE_CREATE", "109 MESSAGE_CREATE", "110 RESUMED"]);
  assert.equal(shard.status.state, "ready");
  assert.deepEqual([shard.tally.received, shard.tally.resumes], [3, 1]);
});

Deno.test("READY begins a session, which is written down with nothing acknowledged", () => {
  const { shard, identified, points, accepted } = setUp();
  identified();
  assert.deepEqual(points, [{
    ...POINT,
    sessionId: "session-1",
    resumeUrl: "wss://r.test",
    seq: 0,
    base: 0,
  }]);
  assert.deepEqual(accepted, ["1 READY"]);
  assert.equal(shard.point!.seq, 1);
});

Deno.test("a session that is lost is told: to the book, and to the bot before the next begins", async () => {
  const { shard, hello, event, ready, identified, drop, gaps, points, accepted } = setUp();
  identified();
  event("A", 2);
  await drop(4007);
  assert.equal(points.at(-1), null);
  assert.equal(shard.point, null);
  assert.deepEqual(gaps, [], "nobody knows yet where the next one begins");
  shard.allow(2, INTENTS);
  hello();
  ready();
  assert.deepEqual(gaps.map(({ from, to }) => [from, to]), [[null, 3]]);
  assert.deepEqual(accepted, ["1 READY", "2 A", "4 READY"]);
});

Deno.test("a GAP of which nothing says that it was told is told again", () => {
  const { shard, gaps } = setUp();
  shard.start({ ...POINT, seq: 0 }, 1_000);
  assert.deepEqual(gaps.map(({ to }) => to), [100]);
});

Deno.test("what an old connection still says is dropped and counted", async () => {
  const { shard, sockets, identified, drop, accepted } = setUp();
  identified();
  await drop(4000);
  assert.equal(sockets.length, 2);
  sockets[0]!.say({ t: "LATE", s: 2, op: 0, d: {} });
  sockets[0]!.events.closed(4004, "");
  assert.deepEqual(accepted, ["1 READY"]);
  assert.equal(shard.tally.stale, 2);
  assert.equal(shard.status.state, "connecting");
});

Deno.test("a permit that comes too late goes back", () => {
  const { shard, gate, sockets } = setUp();
  shard.start(POINT, 1_000);
  shard.allow(5, INTENTS);
  assert.deepEqual([gate, sockets.length], [["release 3"], 1]);
  assert.equal(shard.tally.illegal, 0);
});

Deno.test("a permit takes the place of one that is held, and IDENTIFY is told under it", () => {
  const { shard, hello, gate } = setUp();
  shard.start(null, 0);
  shard.allow(5, INTENTS);
  shard.allow(6, INTENTS);
  hello();
  assert.deepEqual(gate, ["ask 3", "sent 3 with 6"]);
});

Deno.test("events of no session are dropped", () => {
  const { shard, hello, event, accepted, states } = setUp();
  shard.start(null, 0);
  shard.allow(1, INTENTS);
  hello();
  event("MESSAGE_CREATE", 1);
  event("RESUMED", 2);
  assert.deepEqual([accepted, states.at(-1)], [[], "identifying"]);
});

Deno.test("a READY that cannot be read begins no numbers, and ends the connection", () => {
  const { shard, hello, last, accepted, facts, states } = setUp();
  shard.start(null, 0);
  shard.allow(1, INTENTS);
  hello();
  const text = '{"t":"READY","s":1,"op":0,"d":{"session_id"';
  last().events.message(new TextEncoder().encode(text), true);
  assert.deepEqual([accepted, facts, states.at(-1)], [[], [], "closing"]);
});

Deno.test("a READY without a number is the first of its session, whatever else it lacks", () => {
  const { shard, hello, last, event, accepted, points, facts, logged } = setUp();
  shard.start(null, 0);
  shard.allow(1, INTENTS);
  hello();
  last().say({ t: "READY", s: null, op: 0, d: null });
  event("A", 2);
  assert.deepEqual(accepted, ["1 READY", "2 A"]);
  assert.deepEqual(points, [null]);
  assert.deepEqual(facts, [{ user: null, application: null, guildIds: [] }]);
  assert.match(logged.join(), /what cannot be used.*session_id is undefined/);
});

for (const s of [0, 1, 7, null, -1, 0.5, 2 ** 40, 1e300]) {
  Deno.test(`a READY with the number ${s} loses no event that comes after it, nor does a second session`, async () => {
    const { shard, hello, last, event, drop, accepted, gaps } = setUp();
    const first = s === 0 || s === 7 ? s : 1;
    shard.start(null, 0);
    for (const [i, name] of ["A", "B"].entries()) {
      shard.allow(i + 1, INTENTS);
      hello();
      const d = { session_id: name, resume_gateway_url: "wss://r.test" };
      last().say({ t: "READY", s, op: 0, d });
      event(`${name}1`, first + 1);
      event(`${name}2`, first + 2);
      await drop(4007);
    }
    const names = accepted.map((each) => each.split(" ")[1]);
    assert.deepEqual(names, ["READY", "A1", "A2", "READY", "B1", "B2"]);
    const cursors = accepted.map((each) => Number(each.split(" ")[0]));
    assert.ok(cursors.every((cursor, at) => cursor > (cursors[at - 1] ?? 0)), `${cursors}`);
    assert.ok(gaps.length === 1 && gaps[0]!.to > cursors[2]! && gaps[0]!.to < cursors[3]!);
  });
}

Deno.test("a number that is far ahead is not believed before the next one follows it", () => {
  const { event, identified, accepted, logged } = setUp();
  identified();
  for (const s of [2, 1e9, 3, 2 ** 39, 4]) event("A", s);
  assert.deepEqual(accepted, ["1 READY", "2 A", "3 A", "4 A"]);
  assert.equal(logged.filter((line) => /what cannot be used.*"A"/.test(line)).length, 2);
  for (const s of [5e9, 5e9 + 1, 5e9 + 2]) event("B", s);
  assert.deepEqual(accepted.slice(4), [`${5e9 + 1} B`, `${5e9 + 2} B`]);
});

Deno.test("an event without a number that it can have is dropped and told; the others go on", () => {
  const { last, event, identified, accepted, logged } = setUp();
  identified();
  for (const s of [null, undefined, "3", -1, 1.5, 1e300]) {
    last().say({ t: "ODD", s, op: 0, d: {} });
  }
  event("A", 2);
  assert.deepEqual(accepted, ["1 READY", "2 A"]);
  assert.equal(logged.filter((line) => /what cannot be used.*ODD/.test(line)).length, 6);
});

Deno.test("what comes behind a payload that cannot be read waits for RESUME: it must come again as well", () => {
  const { shard, hello, event, identified, last, accepted } = setUp();
  identified();
  event("A", 2);
  last().events.message(new TextEncoder().encode('{"t":"B","s":3,"op":0,"d":{"id":'), true);
  event("C", 4);
  last().events.closed(4900, "");
  shard.restart("keep");
  hello();
  assert.equal(JSON.parse(last().sent.at(-1)!).d.seq, 2);
  for (const [i, t] of ["B", "C", "RESUMED"].entries()) event(t, 3 + i);
  assert.deepEqual(accepted, ["1 READY", "2 A", "3 B", "4 C", "5 RESUMED"]);
});

Deno.test("starting a shard that runs changes nothing, its numbers least of all", () => {
  const { shard, identified, event, accepted, logged } = setUp();
  identified();
  event("A", 2);
  shard.start({ ...POINT, seq: 0, base: 50 }, 1_000);
  event("B", 3);
  assert.deepEqual(accepted, ["1 READY", "2 A", "3 B"]);
  assert.match(logged.join(), /start is not expected while ready/);
  assert.equal(shard.tally.illegal, 1);
});

Deno.test("stop() resolves when the connection is closed, or its deadline is over", async () => {
  for (const answers of [true, false]) {
    const { clock, shard, last, identified } = setUp();
    identified();
    let stopped = false;
    shard.stop("keep").then(() => stopped = true);
    await clock.advance(999);
    assert.deepEqual([last().closes, stopped, last().destroyed], [[4900], false, false]);
    if (answers) last().events.closed(4900, "");
    await clock.advance(answers ? 0 : 1);
    assert.deepEqual([stopped, last().destroyed], [true, !answers]);
    assert.equal(shard.point!.sessionId, "session-1");
    await shard.stop("keep");
  }
});

Deno.test("a shard that is closed for its intents stops and says for which, and identifies with others", async () => {
  const { shard, hello, ready, identified, drop, last, gaveUp, points, logged } = setUp();
  identified();
  assert.equal(points.at(-1)!.wanted, undefined);
  await drop(4014);
  const reason = shard.status.reason;
  assert.deepEqual([shard.status.state, gaveUp], [
    "stopped",
    [[3, { code: 4014, reason, intents: INTENTS }]],
  ]);
  assert.ok(!logged.some((line) => line.includes("for good")));
  shard.restart("end");
  shard.allow(2, 512);
  hello();
  assert.equal(JSON.parse(last().sent.at(-1)!).d.intents, 512);
  ready();
  const { intents, wanted } = points.at(-1)!;
  assert.deepEqual([shard.intents, intents, wanted], [512, 512, INTENTS]);
  await drop(4014);
  assert.deepEqual(gaveUp.at(-1), [3, { code: 4014, reason, intents: 512 }]);
});

Deno.test("a shard that resumes has the intents of its session, and a stray permit changes nothing", () => {
  const { shard, hello, event } = setUp();
  shard.start({ ...POINT, intents: 1, wanted: INTENTS }, 0);
  shard.allow(9, INTENTS);
  hello();
  event("RESUMED", 8);
  assert.equal(shard.intents, 1);
  assert.deepEqual([shard.point!.intents, shard.point!.wanted], [1, INTENTS]);
});

Deno.test("a shard that has stopped refuses commands, and takes them when it runs again", async () => {
  const { shard, hello, event, identified, drop, last } = setUp();
  identified();
  await drop(4014);
  assert.equal(shard.status.state, "stopped");
  const command = { op: OP.PRESENCE_UPDATE, d: {} };
  await assert.rejects(shard.send(command), { code: "not_ready", message: /disallowed intents/ });
  shard.restart("keep");
  const sent = shard.send(command);
  hello();
  event("RESUMED", 2);
  await sent;
  assert.equal(JSON.parse(last().sent.at(-1)!).op, OP.PRESENCE_UPDATE);
});

Deno.test("a shard counts why it reconnects and tells every state it enters", async () => {
  const { shard, last, identified, drop, states } = setUp();
  identified();
  await drop(4000);
  last().events.failed("refused");
  assert.deepEqual(shard.tally.reconnects, { "closed by discord": 1, "connect failed": 1 });
  assert.deepEqual(states.slice(-4), ["ready", "backing off", "connecting", "backing off"]);
});

Deno.test("neither the log nor the status of a shard holds its token", async () => {
  const { shard, identified, drop, logged } = setUp();
  identified();
  await drop(4004);
  assert.ok(logged.length > 0);
  assert.ok(!JSON.stringify([logged, shard.status, shard.tally]).includes(TOKEN));
});

Deno.test("a presence that Discord cannot read costs one IDENTIFY, and is told and forgotten", async () => {
  const { shard, hello, last, identified, ready, drop, logged, presences } = setUp();
  identified();
  await shard.send({ op: OP.PRESENCE_UPDATE, d: { status: "odd" } });
  assert.deepEqual(presences, [{ status: "odd" }]);
  await drop(4007);
  shard.allow(2, INTENTS);
  hello();
  const sent = () => JSON.parse(last().sent[0]!).d.presence;
  assert.deepEqual(sent(), { status: "odd" });
  await drop(4002);
  assert.match(logged.at(-1)!, /warn.*could not read it/);
  shard.allow(3, INTENTS);
  hello();
  assert.equal(sent(), undefined);
  ready();
  assert.deepEqual(presences, [{ status: "odd" }, null]);
  // Closed with the same code once the session is there, the presence is not to blame.
  await shard.send({ op: OP.PRESENCE_UPDATE, d: { status: "idle" } });
  await drop(4002);
  assert.deepEqual(presences.at(-1), { status: "idle" });
});

Deno.test("a READY that names a host of nobody's is resumed on the generic one, and that is told", async () => {
  const { clock, shard, last, hello, event, points, logged } = setUp();
  shard.start(null, 0);
  shard.allow(1, INTENTS);
  hello();
  event("READY", 1, { session_id: "s", resume_gateway_url: "wss://evil.example/x?y=z" });
  assert.equal(points.at(-1)!.resumeUrl, null, "and it is not written down");
  assert.match(logged.join(), /"error",.*"host":"evil.example","instead":"gateway.test"/);
  last().events.closed(1006, "");
  await clock.advance(1_000);
  assert.equal(new URL(last().url).host, "gateway.test");
});

Deno.test("a host that an earlier life wrote down gets the token only where it may", async () => {
  const { clock, shard, sockets, hello, last, logged } = setUp();
  shard.start({ ...POINT, resumeUrl: "ws://elsewhere.example" }, 0);
  await clock.advance(1_000);
  hello();
  assert.deepEqual(sockets.map(({ url }) => new URL(url).host), ["gateway.test"]);
  assert.equal(JSON.parse(last().sent.at(-1)!).op, OP.RESUME, "the session goes on");
  assert.match(logged.join(), /elsewhere/);
});
