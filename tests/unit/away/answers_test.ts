import assert from "node:assert/strict";
import { AwayAnswers } from "../../../unit/away/answers.ts";
import { type LogFields, logTo } from "../../../ports/log.ts";
import { restApi } from "../../sim/rest/api.ts";

const MINUTE_MS = 60_000;
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A simulated Discord that sends interactions, and who stands in for the bot. */
function setUp() {
  const api = restApi();
  const { clock, world, guild, channel } = api;
  const logged: { event: string; fields: LogFields }[] = [];
  const counts = { changes: 0, requests: 0 };
  const create = () =>
    new AwayAnswers({
      apiUrl: "http://discord.sim/api",
      fetch: ((url: string, init: RequestInit) => {
        counts.requests++;
        return api.rest(new Request(url, init), { remoteAddress: "192.0.2.1" });
      }) as typeof fetch,
      clock,
      log: logTo((_level, event, fields) => logged.push({ event, fields })),
      inviteCode: "gate",
      changed: () => void counts.changes++,
    });
  /** The next interaction, known to Discord unless `isKnown` is false. */
  const interaction = (type = 2, isKnown = true) => {
    const id = world.nextId();
    const d = { id, type, token: `secret-${id}`, channel_id: channel.id, guild_id: guild.id };
    if (isKnown) world.emit("INTERACTION_CREATE", guild.id, d);
    return { ...d, payload: encode({ t: "INTERACTION_CREATE", s: 1, op: 0, d }) };
  };
  return { ...api, away: create(), create, interaction, logged, counts };
}

Deno.test("AwayAnswers defers a command, so that the bot can answer it later", async () => {
  const { away, interaction, call, world } = setUp();
  const { token, payload } = interaction();
  assert.equal(await away.answer({ shardId: 2, cursor: 7, payload }), "deferred");
  assert.deepEqual(away.marksOf(2), new Map([[7, "deferred"]]));
  assert.deepEqual(away.tally, { deferred: 1, answered: 0, failed: 0, expired: 0 });
  const original = `/webhooks/${world.application.id}/${token}/messages/@original`;
  const edited = await call("PATCH", original, { auth: null, json: { content: "pong" } });
  assert.equal(edited.status, 200);
});

Deno.test("AwayAnswers answers what cannot be deferred, in words that Discord takes", async () => {
  const { away, interaction } = setUp();
  for (const [cursor, type] of [[1, 4], [2, 5]] as const) {
    const { payload } = interaction(type);
    assert.equal(await away.answer({ shardId: 0, cursor, payload }), "answered");
  }
  assert.equal(away.tally.answered, 2);
});

Deno.test("AwayAnswers says nothing to what is no interaction that it knows", async () => {
  const { away, interaction, counts } = setUp();
  for (const [cursor, payload] of [interaction(1).payload, encode({ d: 1 })].entries()) {
    assert.equal(await away.answer({ shardId: 0, cursor, payload }), null);
  }
  assert.deepEqual(away.marksOf(0), new Map());
  assert.deepEqual([counts.requests, counts.changes], [0, 0]);
});

Deno.test("AwayAnswers sends one response for an event that comes twice", async () => {
  const { away, interaction, counts } = setUp();
  const { payload } = interaction();
  const event = { shardId: 0, cursor: 1, payload };
  const both = await Promise.all([away.answer(event), away.answer(event)]);
  assert.deepEqual([...both, await away.answer(event)], ["deferred", "deferred", "deferred"]);
  assert.equal(counts.requests, 1);
  assert.equal(counts.changes, 1);
});

Deno.test("AwayAnswers counts and tells a failure, without the token, and tries again when asked", async () => {
  const { away, interaction, rest, logged } = setUp();
  const { id, payload } = interaction();
  rest.faults.add({ kind: "answer", reply: { status: 403, json: { code: 50013 } } });
  const event = { shardId: 3, cursor: 4, payload };
  assert.equal(await away.answer(event), null);
  assert.deepEqual(away.tally, { deferred: 0, answered: 0, failed: 1, expired: 0 });
  assert.deepEqual(logged, [{
    event: "an interaction got no response while the bot was away",
    fields: {
      shardId: 3,
      cursor: 4,
      interactionId: id,
      reason: "Discord answered 403, code 50013",
    },
  }]);
  assert.deepEqual(away.marksOf(3), new Map());
  assert.equal(await away.answer(event), "deferred");
});

Deno.test("AwayAnswers counts as expired what Discord no longer knows, and asks it", async () => {
  const { away, interaction, clock, counts, logged } = setUp();
  const { payload } = interaction();
  await clock.advance(10_000);
  assert.equal(await away.answer({ shardId: 0, cursor: 1, payload }), null);
  assert.deepEqual(away.tally, { deferred: 0, answered: 0, failed: 0, expired: 1 });
  assert.equal(counts.requests, 1);
  assert.deepEqual(logged, []);
});

Deno.test("AwayAnswers sends nothing for an interaction whose token is dead", async () => {
  const { away, interaction, clock, counts } = setUp();
  const { payload } = interaction();
  await clock.advance(15 * MINUTE_MS);
  assert.equal(await away.answer({ shardId: 0, cursor: 1, payload }), null);
  assert.deepEqual([away.tally.expired, counts.requests], [1, 0]);
});

Deno.test("AwayAnswers forgets a mark when the event is acknowledged", async () => {
  const { away, interaction, counts } = setUp();
  for (const cursor of [5, 6, 9]) {
    await away.answer({ shardId: 0, cursor, payload: interaction().payload });
    await away.answer({ shardId: 1, cursor, payload: interaction().payload });
  }
  const before = counts.changes;
  away.acknowledged(0, 4);
  assert.equal(counts.changes, before);
  away.acknowledged(0, 6);
  assert.equal(counts.changes, before + 1);
  assert.deepEqual([...away.marksOf(0).keys()], [9]);
  assert.deepEqual([...away.marksOf(1).keys()], [5, 6, 9]);
  away.acknowledged(7, 100);
});

Deno.test("AwayAnswers does not remember what is acknowledged before Discord has answered", async () => {
  const { away, interaction, counts } = setUp();
  const mark = away.answer({ shardId: 0, cursor: 5, payload: interaction().payload });
  assert.deepEqual(away.marksOf(0), new Map());
  away.acknowledged(0, 5);
  const before = counts.changes;
  assert.equal(await mark, "deferred");
  assert.deepEqual(away.marksOf(0), new Map());
  assert.equal(counts.changes, before);
});

Deno.test("AwayAnswers forgets a mark when the interaction's token is dead", async () => {
  const { away, interaction, clock } = setUp();
  await away.answer({ shardId: 0, cursor: 1, payload: interaction().payload });
  await clock.advance(MINUTE_MS);
  await away.answer({ shardId: 0, cursor: 2, payload: interaction().payload });
  await clock.advance(14 * MINUTE_MS);
  assert.deepEqual([...away.marksOf(0).keys()], [2]);
  assert.equal(away.save().shards[0]!.length, 1);
});

Deno.test("AwayAnswers of a next life knows what the one before has said", async () => {
  const { away, create, interaction, counts, clock } = setUp();
  const { payload } = interaction();
  await away.answer({ shardId: 3, cursor: 1, payload });
  const saved = JSON.parse(JSON.stringify(away.save()));
  assert.deepEqual(saved, { shards: { 3: [[1, "deferred", clock.wallMs()]] } });
  const next = create();
  next.load(saved);
  assert.deepEqual(next.marksOf(3), new Map([[1, "deferred"]]));
  assert.equal(await next.answer({ shardId: 3, cursor: 1, payload }), "deferred");
  assert.equal(counts.requests, 1);
  assert.deepEqual(next.save(), saved);
});

Deno.test("AwayAnswers takes a response that nobody wrote down for its own", async () => {
  const { away, create, interaction } = setUp();
  const { payload } = interaction();
  await away.answer({ shardId: 3, cursor: 1, payload });
  assert.equal(await create().answer({ shardId: 3, cursor: 1, payload }), "deferred");
});

Deno.test("AwayAnswers.load() leaves out what is none of its marks", () => {
  const { away, clock } = setUp();
  const nowMs = clock.wallMs();
  for (const saved of [undefined, null, 7, {}, { shards: null }, { shards: { 1: 2 } }]) {
    away.load(saved);
  }
  away.load({
    shards: { 1: [null, [1], ["1", "deferred", nowMs], [2, "x", nowMs], [3, "answered", nowMs]] },
  });
  assert.deepEqual(away.save(), { shards: { 1: [[3, "answered", nowMs]] } });
});
