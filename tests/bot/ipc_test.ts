import assert from "node:assert/strict";
import { BotCalls } from "../../bot/bot_calls.ts";
import { silentLog } from "../../ports/log.ts";
import type { LinkCall, LinkReply } from "../../protocol/link_call.ts";
import { countingClock } from "../support/exchange.ts";

const RECEPTIVE = { receptive: true, timeout: 5000 } as const;

function setUp() {
  const clock = countingClock();
  const bot = { wants: () => false, handle() {} };
  const calls = new BotCalls({ bot, clock, log: silentLog, figures: () => ({}) });
  const sent: LinkCall[] = [];
  let line: ReturnType<BotCalls["up"]> | undefined;
  /** The newest link. */
  const link = () => {
    // As the consumer does it.
    line?.down();
    line = calls.up((message: LinkCall | LinkReply) => sent.push(message as LinkCall), 1);
  };
  const cut = () => line?.down();
  const answer = (id: number, json: unknown) => line!.receive({ op: "reply", id, value: { json } });
  return { clock, calls, ipc: calls.ipc, sent, link, cut, answer };
}

Deno.test("a command goes to the unit with its target, its value and its deadline", async () => {
  const { ipc, sent, link, answer } = setUp();
  link();
  const answers = [
    ipc.sendServiceCommand("api", { add: 1 }, RECEPTIVE),
    ipc.sendClusterCommand({ guildId: 1234n }, 1n, { receptive: true }),
  ];
  assert.deepEqual(await ipc.sendClusterCommand({ all: true }, "told"), undefined);
  const [first, second, third] = sent;
  assert.deepEqual(first, {
    op: "call",
    id: first!.id,
    verb: "command",
    receptive: true,
    value: { json: { add: 1 } },
    to: { service: "api" },
    timeoutMs: 5000,
  });
  assert.deepEqual([second!.to, second!.value, second!.timeoutMs], [
    { guildId: "1234" },
    { clone: [["bigint", "1"]] },
    30_000,
  ]);
  assert.deepEqual([third!.to, third!.receptive], [{ all: true }, false]);
  answer(second!.id, "second");
  answer(first!.id, "first");
  assert.deepEqual(await Promise.all(answers), ["first", "second"]);
});

Deno.test("what is no target is refused before anything is sent", async () => {
  const { ipc, sent, link } = setUp();
  link();
  const targets = [
    null,
    undefined,
    {},
    { all: false },
    { clusterId: "1" },
    { clusterId: NaN },
    {
      clusterId: 1.5,
    },
    { guildId: 5 },
    { guildId: "me" },
    { guildId: -5n },
    "all",
  ];
  for (const to of targets) {
    const sending = ipc.sendClusterCommand(to as never, 0, RECEPTIVE);
    await assert.rejects(sending, { code: "bad_message", message: /expected \{all: true\}/ });
  }
  const service = ipc.sendServiceCommand(undefined as never, 0, RECEPTIVE);
  await assert.rejects(service, { code: "bad_message" });
  assert.deepEqual(sent, []);
});

Deno.test("calls made without a link wait for it, and go in order", async () => {
  const { ipc, sent, link, answer, clock } = setUp();
  const first = ipc.sendServiceCommand("api", 1, RECEPTIVE);
  await ipc.sendServiceCommand("api", 2);
  const third = ipc.sendServiceCommand("api", 3, RECEPTIVE);
  await clock.advance(4000);
  assert.equal(sent.length, 0);
  link();
  assert.deepEqual(sent.map(({ value }) => value), [{ json: 1 }, { json: 2 }, { json: 3 }]);
  answer(sent[0]!.id, "one");
  answer(sent[2]!.id, "three");
  assert.deepEqual(await Promise.all([first, third]), ["one", "three"]);
  assert.equal(clock.timers.size, 0);
});

Deno.test("a call whose caller has given up is not sent any more", async () => {
  const { ipc, sent, link, clock } = setUp();
  const given = assert.rejects(ipc.sendServiceCommand("api", "late", RECEPTIVE), {
    code: "deadline",
    message: /from the unit/,
  });
  const patient = ipc.sendServiceCommand("api", "patient", { receptive: true });
  patient.catch(() => {});
  await ipc.sendServiceCommand("api", "no answer wanted");
  await clock.advance(6000);
  await given;
  link();
  const values = sent.map(({ value }) => value);
  assert.deepEqual(values, [{ json: "patient" }, { json: "no answer wanted" }]);
});

Deno.test("a lost link ends what was asked over it, not what waits for the next", async () => {
  const { cut, ipc, sent, link, answer } = setUp();
  link();
  const asked = ipc.sendServiceCommand("api", "asked", RECEPTIVE);
  cut();
  const waits = ipc.sendServiceCommand("api", "waits", RECEPTIVE);
  cut();
  await assert.rejects(asked, { code: "away", message: /the unit is away/ });
  link();
  assert.equal(sent.length, 2);
  answer(sent[1]!.id, "here");
  assert.equal(await waits, "here");
});

Deno.test("a newer link ends what was asked over the older one, whose end nobody told", async () => {
  const { ipc, sent, link, answer, clock } = setUp();
  link();
  const asked = ipc.sendServiceCommand("api", "asked", RECEPTIVE);
  link();
  await assert.rejects(asked, { code: "away" });
  const again = ipc.sendServiceCommand("api", "again", RECEPTIVE);
  answer(sent[1]!.id, "here");
  assert.equal(await again, "here");
  assert.equal(clock.timers.size, 0);
});

Deno.test("the unit's own deadline comes first; the caller's a second later", async () => {
  const { ipc, link, clock } = setUp();
  link();
  const codes: string[] = [];
  ipc.sendServiceCommand("api", 0, RECEPTIVE).catch(({ code }) => codes.push(code));
  await clock.advance(5999);
  assert.equal(codes.length, 0);
  await clock.advance(1);
  assert.deepEqual(codes, ["deadline"]);
});

Deno.test("so many calls wait for a link, and no more: the oldest gives way", async () => {
  const { ipc, sent, link, clock } = setUp();
  const first = ipc.sendServiceCommand("api", "first", RECEPTIVE);
  for (let i = 0; i < 9_999; i++) ipc.sendServiceCommand("api", i);
  assert.equal(clock.timers.size, 1, "the first still waits");
  ipc.sendServiceCommand("api", "last");
  await assert.rejects(first, { code: "away", message: /too many calls wait/ });
  link();
  assert.deepEqual([sent.length, sent[0]!.value, sent.at(-1)!.value], [10_000, { json: 0 }, {
    json: "last",
  }]);
});

Deno.test("fetch…() asks the unit, with ids as texts, and says whether Discord is asked", async () => {
  const { ipc, sent, link, answer } = setUp();
  link();
  const answers = [
    ipc.fetchGuild(1n),
    ipc.fetchChannel("2", { rest: true }),
    ipc.fetchUser(3n, { rest: false, timeout: 10 }),
    ipc.fetchMember("4", 5n, { rest: true }),
  ];
  const json = sent.map(({ value }) => (value as { json: unknown }).json);
  assert.deepEqual(json, [
    { method: "fetch", wanted: { kind: "guild", guildId: "1" }, rest: false },
    { method: "fetch", wanted: { kind: "channel", channelId: "2" }, rest: true },
    { method: "fetch", wanted: { kind: "user", userId: "3" }, rest: false, timeoutMs: 10 },
    { method: "fetch", wanted: { kind: "member", guildId: "4", userId: "5" }, rest: true },
  ]);
  assert.ok(sent.every(({ verb, receptive }) => verb === "unit" && receptive));
  for (const { id } of sent) answer(id, { id });
  assert.deepEqual(await Promise.all(answers), sent.map(({ id }) => ({ id })));
});

Deno.test("fetch…() leaves Discord its own time, after what the clusters may take", async () => {
  const { ipc, link, clock } = setUp();
  link();
  const codes: string[] = [];
  ipc.fetchUser(3n, { timeout: 60_000, rest: true }).catch(({ code }) => codes.push(code));
  await clock.advance(90_000);
  assert.deepEqual(codes, []);
  await clock.advance(1_000);
  assert.deepEqual(codes, ["deadline"]);
});

Deno.test("a bot restarts, spawns, kills and respawns clusters and services through the unit", async () => {
  const { ipc, sent, link, answer, clock } = setUp();
  link();
  const answers = [
    ipc.restart(2),
    ipc.restartAll(),
    ipc.clusters.get(1).spawn(),
    ipc.clusters.get(1).kill(0),
    ipc.clusters.get(1).respawn(60_000),
    ipc.services.get("api").spawn(),
    ipc.services.get("api").kill(),
    ipc.services.get("api").respawn(500),
  ];
  const figures = ipc.stats();
  assert.deepEqual(sent.map(({ value }) => (value as { json: unknown }).json), [
    { method: "respawn", clusterId: 2 },
    { method: "restartAll" },
    { method: "spawn", clusterId: 1 },
    { method: "kill", clusterId: 1, timeoutMs: 0 },
    { method: "respawn", clusterId: 1, timeoutMs: 60_000 },
    { method: "spawn", service: "api" },
    { method: "kill", service: "api" },
    { method: "respawn", service: "api", timeoutMs: 500 },
    { method: "stats" },
  ]);
  await clock.advance(20_000);
  for (const { id } of sent) answer(id, { atMs: 1 });
  assert.deepEqual(await Promise.all(answers), answers.map(() => undefined));
  assert.deepEqual(await figures, { atMs: 1 });
});

Deno.test("restartAll() takes as long as it takes, and a lost link ends the wait", async () => {
  const { cut, ipc, link, clock } = setUp();
  link();
  const codes: string[] = [];
  ipc.restartAll().catch(({ code }) => codes.push(code));
  await clock.advance(24 * 3_600_000);
  assert.deepEqual(codes, []);
  cut();
  await clock.advance(0);
  assert.deepEqual(codes, ["away"]);
});

Deno.test("a time that is none is refused before anything is sent", async () => {
  const { ipc, sent, link } = setUp();
  link();
  const wrong = { code: "bad_message", message: /timeout is .*, expected milliseconds/ };
  for (const timeout of [-1, NaN, "5"] as never[]) {
    await assert.rejects(ipc.clusters.get(0).kill(timeout), wrong);
    await assert.rejects(ipc.services.get("api").respawn(timeout), wrong);
    await assert.rejects(ipc.fetchUser(1n, { timeout }), wrong);
  }
  assert.deepEqual(sent, []);
});

Deno.test("what cannot be sent or written rejects, and leaves nothing open", async () => {
  const { calls, ipc, clock } = setUp();
  calls.up(() => {
    throw new RangeError("Invalid string length");
  }, 1);
  const unsendable = { code: "bad_message", message: /a function at data\..*method/ };
  await assert.rejects(calls.gateway.sendPayload(0, { op: 3, d: { method() {} } }), unsendable);
  await assert.rejects(ipc.sendServiceCommand("api", { method() {} }, RECEPTIVE), unsendable);
  await assert.rejects(ipc.sendServiceCommand("api", { method() {} }), unsendable);
  await assert.rejects(ipc.sendServiceCommand("api", 1, RECEPTIVE), { name: "RangeError" });
  await assert.rejects(ipc.sendServiceCommand("api", 1), { name: "RangeError" });
  assert.equal(clock.timers.size, 0);
});
