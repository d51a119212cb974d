import assert from "node:assert/strict";
import { AwayAnswers } from "../../unit/away_answers.ts";
import { type LogFields, logTo, silentLog } from "../../ports/log.ts";
import { memoryStore } from "../../ports/store.ts";
import { withSafe } from "../../protocol/estate.ts";
import { Estates } from "../../store/estates.ts";
import { restApi } from "../sim/rest/api.ts";
import { simProxy } from "../support/sim_proxy.ts";

const MINUTE_MS = 60_000;
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A simulated Discord that sends interactions, and who stands in for the bot. */
/** Shard `id` of 4. */
const of = (id: number) => ({ total: 4, id });

async function setUp() {
  const api = restApi();
  const { clock, world, guild, channel } = api;
  const logged: { event: string; fields: LogFields }[] = [];
  const counts = { requests: 0 };
  const proxy = simProxy(api.rest, clock);
  const estates = await Estates.open({
    store: memoryStore(),
    clock,
    log: silentLog,
    newStream: "s",
  });
  const create = () =>
    new AwayAnswers({
      ask: (...asked) => {
        counts.requests++;
        return proxy.ask(...asked);
      },
      clock,
      log: logTo((_level, event, fields) => logged.push({ event, fields })),
      inviteCode: "gate",
      estates,
    });
  /** The next interaction, known to Discord unless `isKnown` is false. */
  const interaction = (type = 2, isKnown = true) => {
    const id = world.nextId();
    const d = { id, type, token: `secret-${id}`, channel_id: channel.id, guild_id: guild.id };
    if (isKnown) world.emit("INTERACTION_CREATE", guild.id, d);
    return { ...d, payload: encode({ t: "INTERACTION_CREATE", s: 1, op: 0, d }) };
  };
  /** What is remembered of a shard: cursors and marks. */
  const marks = (id: number) => estates.of(of(id)).marks.map(({ cursor, mark }) => [cursor, mark]);
  const acknowledge = (id: number, acknowledged: number) =>
    estates.change(of(id), (estate) => withSafe(estate, { acknowledged }));
  return { ...api, away: create(), create, interaction, logged, counts, marks, acknowledge };
}

Deno.test("AwayAnswers defers a command, so that the bot can answer it later", async () => {
  const { away, interaction, call, world, marks } = await setUp();
  const { token, payload } = interaction();
  assert.equal(await away.answer({ shard: of(2), cursor: 7, payload }), "deferred");
  assert.deepEqual(marks(2), [[7, "deferred"]]);
  assert.deepEqual(away.tally, { deferred: 1, answered: 0, failed: 0, expired: 0 });
  const original = `/webhooks/${world.application.id}/${token}/messages/@original`;
  const edited = await call("PATCH", original, { auth: null, json: { content: "pong" } });
  assert.equal(edited.status, 200);
});

Deno.test("AwayAnswers answers what cannot be deferred, in words that Discord takes", async () => {
  const { away, interaction } = await setUp();
  for (const [cursor, type] of [[1, 4], [2, 5]] as const) {
    const { payload } = interaction(type);
    assert.equal(await away.answer({ shard: of(0), cursor, payload }), "answered");
  }
  assert.equal(away.tally.answered, 2);
});

Deno.test("AwayAnswers says nothing to what is no interaction that it knows", async () => {
  const { away, interaction, counts, marks } = await setUp();
  for (const [cursor, payload] of [interaction(1).payload, encode({ d: 1 })].entries()) {
    assert.equal(await away.answer({ shard: of(0), cursor, payload }), null);
  }
  assert.deepEqual([marks(0), counts.requests], [[], 0]);
});

Deno.test("AwayAnswers sends one response for an event that comes twice", async () => {
  const { away, interaction, counts, marks } = await setUp();
  const { payload } = interaction();
  const event = { shard: of(0), cursor: 1, payload };
  const both = await Promise.all([away.answer(event), away.answer(event)]);
  assert.deepEqual([...both, await away.answer(event)], ["deferred", "deferred", "deferred"]);
  assert.equal(counts.requests, 1);
  assert.deepEqual(marks(0), [[1, "deferred"]]);
});

Deno.test("AwayAnswers counts and tells a failure, without the token, and tries again when asked", async () => {
  const { away, interaction, rest, logged, marks } = await setUp();
  const { id, payload } = interaction();
  rest.faults.add({ kind: "answer", reply: { status: 403, json: { code: 50013 } } });
  const event = { shard: of(3), cursor: 4, payload };
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
  assert.deepEqual(marks(3), []);
  assert.equal(await away.answer(event), "deferred");
});

Deno.test("AwayAnswers counts as expired what Discord no longer knows, and asks it", async () => {
  const { away, interaction, clock, counts, logged } = await setUp();
  const { payload } = interaction();
  await clock.advance(10_000);
  assert.equal(await away.answer({ shard: of(0), cursor: 1, payload }), null);
  assert.deepEqual(away.tally, { deferred: 0, answered: 0, failed: 0, expired: 1 });
  assert.equal(counts.requests, 1);
  assert.deepEqual(logged, []);
});

Deno.test("AwayAnswers sends nothing for an interaction whose token is dead", async () => {
  const { away, interaction, clock, counts } = await setUp();
  const { payload } = interaction();
  await clock.advance(15 * MINUTE_MS);
  assert.equal(await away.answer({ shard: of(0), cursor: 1, payload }), null);
  assert.deepEqual([away.tally.expired, counts.requests], [1, 0]);
});

Deno.test("AwayAnswers tells shards of one id and two totals apart", async () => {
  const { away, interaction, counts } = await setUp();
  const [event, other] = [4, 8].map((total) => (
    { shard: { total, id: 0 }, cursor: 1, payload: interaction().payload }
  ));
  await Promise.all([away.answer(event!), away.answer(other!)]);
  assert.equal(counts.requests, 2);
});

Deno.test("AwayAnswers does not remember what is acknowledged before Discord has answered", async () => {
  const { away, interaction, marks, acknowledge } = await setUp();
  const mark = away.answer({ shard: of(0), cursor: 5, payload: interaction().payload });
  assert.deepEqual(marks(0), []);
  acknowledge(0, 5);
  assert.equal(await mark, "deferred");
  assert.deepEqual(marks(0), []);
});

Deno.test("AwayAnswers of a next life knows what the one before has said", async () => {
  const { away, create, interaction, counts } = await setUp();
  const event = { shard: of(3), cursor: 1, payload: interaction().payload };
  await away.answer(event);
  assert.equal(await create().answer(event), "deferred");
  assert.equal(counts.requests, 1);
});

Deno.test("AwayAnswers takes a response that nobody wrote down for its own", async () => {
  const { away, create, interaction, acknowledge } = await setUp();
  const event = { shard: of(3), cursor: 1, payload: interaction().payload };
  await away.answer(event);
  acknowledge(3, 1);
  assert.equal(await create().answer(event), "deferred");
});

Deno.test("AwayAnswers answers or says nothing, whatever an interaction is: it never rejects", async () => {
  const { away, clock } = await setUp();
  const odd = [undefined, null, 7, "", "x", "1", "9".repeat(40), "\ud800", [], [null], {}];
  const data = [...odd, { options: [null, 7, { focused: true }, { options: [null] }] }];
  const bodies: unknown[] = [
    ...odd,
    ...data.map((it) => ({ id: "1", type: 4, token: "t", data: it })),
  ];
  for (const value of odd) {
    const whole = { id: "1", type: 2, token: "t" };
    for (const name of Object.keys(whole)) bodies.push({ ...whole, [name]: value });
  }
  let settled = 0;
  for (const [cursor, d] of bodies.entries()) {
    const payload = encode({ t: "INTERACTION_CREATE", s: 1, op: 0, d });
    away.answer({ shard: of(1), cursor, payload }).then(() => settled++);
  }
  await clock.advance(10_000);
  assert.equal(settled, bodies.length);
});

Deno.test("AwayAnswers answers a fresh interaction after the computer's clock was set ahead", async () => {
  const { away, interaction, clock } = await setUp();
  clock.jump(2 * 60 * MINUTE_MS);
  const { payload } = interaction();
  assert.equal(await away.answer({ shard: of(0), cursor: 1, payload }), "deferred");
});
