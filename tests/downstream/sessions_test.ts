import assert from "node:assert/strict";
import { eventsAfter, SENT_AHEAD } from "../../downstream/session.ts";
import {
  CONSUMER_SESSION_TTL_MS,
  DownstreamSessions,
  type DownstreamSessionsOptions,
} from "../../downstream/sessions.ts";
import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import type { ShardKey } from "../../protocol/ids.ts";
import { createVirtualClock, type VirtualClock } from "../../sim/mod.ts";

const all = ({ total }: ShardKey) => total === 4;
const shard = (id: number, total = 4): ShardKey => ({ total, id });

function book(changes: Partial<DownstreamSessionsOptions> = {}, clock = createVirtualClock()) {
  const expired: number[] = [];
  const done: [number, number][] = [];
  let changeCount = 0;
  let ids = 0;
  const sessions = new DownstreamSessions({
    clock,
    stream: "stream",
    shardsOf: (seat) => [seat],
    newId: () => `id-${++ids}`,
    changed: () => void changeCount++,
    expired: ({ id }) => void expired.push(id),
    done: ({ id }, cursor) => void done.push([id, cursor]),
    ...changes,
  });
  return { clock, sessions, expired, done, changes: () => changeCount };
}

/** A later life of the unit. */
function nextLife(from: DownstreamSessions, clock: VirtualClock, changes = {}) {
  const next = book(changes, clock);
  return { ...next, held: next.sessions.load(JSON.parse(JSON.stringify(from.save())), all) };
}

Deno.test("DownstreamSessions fixes the base so that READY is number 1", () => {
  const { sessions } = book();
  const session = sessions.begin(shard(2), { from: 100 });
  assert.equal(session.acknowledged - session.base, 1);
  assert.equal(sessions.begin(shard(3), { from: 0 }).base, -1);
  assert.equal(sessions.find(session.sessionId), session);
  assert.equal(sessions.ofShard(shard(2)), session);
});

Deno.test("DownstreamSessions has one session per shard: a newer one ends the older", async () => {
  const { clock, sessions, expired } = book();
  const older = sessions.begin(shard(0), { from: 0 });
  sessions.detach(older);
  const newer = sessions.begin(shard(0), { from: 5 });
  assert.equal(sessions.find(older.sessionId), undefined);
  await clock.advance(CONSUMER_SESSION_TTL_MS);
  assert.deepEqual(expired, []);
  sessions.end(older);
  assert.equal(sessions.ofShard(shard(0)), newer);
});

Deno.test("DownstreamSessions ends a session that nobody resumes in time, and says so once", async () => {
  const { clock, sessions, expired } = book();
  const session = sessions.begin(shard(0), { from: 0 });
  await clock.advance(2 * CONSUMER_SESSION_TTL_MS);
  assert.deepEqual(expired, []);
  sessions.detach(session);
  await clock.advance(CONSUMER_SESSION_TTL_MS - 1);
  assert.deepEqual(expired, []);
  await clock.advance(1);
  assert.deepEqual(expired, [0]);
  assert.equal(sessions.find(session.sessionId), undefined);
});

Deno.test("DownstreamSessions does not end one that was resumed, nor expire one that was ended", async () => {
  const { clock, sessions, expired } = book();
  const resumed = sessions.begin(shard(0), { from: 0 });
  const ended = sessions.begin(shard(1), { from: 0 });
  sessions.detach(resumed);
  sessions.detach(ended);
  sessions.attach(resumed, 0);
  sessions.end(ended);
  await clock.advance(2 * CONSUMER_SESSION_TTL_MS);
  assert.deepEqual(expired, []);
  assert.equal(sessions.ofShard(shard(0)), resumed);
  assert.equal(sessions.ofShard(shard(1)), undefined);
});

Deno.test("DownstreamSessions only moves acknowledgements forward, and tells what is worth saving", () => {
  const { sessions, changes } = book();
  const session = sessions.begin(shard(0), { from: 10 });
  const before = changes();
  sessions.acknowledge(session, 12);
  sessions.acknowledge(session, 12);
  sessions.acknowledge(session, 11);
  assert.equal(session.acknowledged, 12);
  assert.equal(changes(), before + 1);
});

Deno.test("DownstreamSessions survives a restart, with the same numbers", () => {
  const { clock, sessions } = book();
  const session = sessions.begin(shard(0), { from: 10 });
  session.sent = 50;
  sessions.acknowledge(session, 20);
  const { sessions: next, held } = nextLife(sessions, clock);
  assert.deepEqual(held, [shard(0)]);
  const detachedAtMs = clock.wallMs();
  assert.deepEqual(next.find(session.sessionId), { ...session, sent: null, detachedAtMs });
  assert.equal(session.received, 20);
});

Deno.test("DownstreamSessions begins after what the sessions before have received, and knows what may come again", () => {
  const { clock, sessions } = book();
  const first = sessions.begin(shard(0), { from: 10 });
  sessions.sent(first, 30);
  sessions.received(first, 20);
  sessions.end(first);
  const second = sessions.begin(shard(0), { from: sessions.beginsAfter(shard(0), 12) });
  assert.deepEqual([second.acknowledged, second.base, second.repeatsTo], [20, 19, 30]);
  sessions.detach(second);
  sessions.end(second);
  // Of a session that is over: its client has answered late.
  sessions.received(first, 25);
  const { sessions: next } = nextLife(sessions, clock);
  const third = next.begin(shard(0), { from: next.beginsAfter(shard(0), 12) });
  assert.deepEqual([third.acknowledged, third.repeatsTo], [25, 30]);
  const other = next.begin(shard(1), { from: next.beginsAfter(shard(1), 12) });
  assert.deepEqual([other.acknowledged, other.repeatsTo], [12, 12]);
  const last = next.begin(shard(0), { from: next.beginsAfter(shard(0), 40) });
  assert.equal(last.repeatsTo, 40);
});

Deno.test("DownstreamSessions writes down what it is about to send, so that a killed unit knows", async () => {
  const { clock, sessions, changes } = book();
  const session = sessions.begin(shard(0), { from: 0 });
  const before = changes();
  for (let cursor = 1; cursor <= 3 * SENT_AHEAD; cursor++) sessions.sent(session, cursor);
  assert.ok(changes() - before <= 6, `${changes() - before} changes`);
  const killed = nextLife(sessions, clock).sessions.begin(shard(0), { from: 0 });
  assert.ok(killed.repeatsTo >= 3 * SENT_AHEAD && killed.repeatsTo <= 4 * SENT_AHEAD);
  sessions.detach(session);
  assert.equal(
    nextLife(sessions, clock).sessions.begin(shard(0), { from: 0 }).repeatsTo,
    3 * SENT_AHEAD,
  );
  // Also of one whose time is up by then.
  const saved = sessions.save();
  await clock.advance(CONSUMER_SESSION_TTL_MS);
  const late = book({}, clock).sessions;
  assert.deepEqual(late.load(saved, all), []);
  assert.equal(late.begin(shard(0), { from: 0 }).repeatsTo, 3 * SENT_AHEAD);
});

Deno.test("DownstreamSessions takes over sessions of a file that does not say how far they had come", () => {
  const { sessions } = book();
  const old = { sessionId: "a", shardId: 0, base: 0, acknowledged: 7, detachedAtMs: null };
  sessions.load({ stream: "stream", totalShards: 4, sessions: [old] }, all);
  assert.deepEqual([sessions.ofShard(shard(0))?.received, sessions.ofShard(shard(0))?.repeatsTo], [
    7,
    0,
  ]);
  assert.equal(sessions.begin(shard(0), { from: 7 }).repeatsTo, 7 + SENT_AHEAD);
});

Deno.test("DownstreamSessions counts the time before a restart", async () => {
  const { clock, sessions } = book();
  sessions.detach(sessions.begin(shard(0), { from: 0 }));
  sessions.begin(shard(1), { from: 0 });
  await clock.advance(CONSUMER_SESSION_TTL_MS - 1000);
  const next = nextLife(sessions, clock);
  sessions.stop();
  assert.deepEqual(next.held, [shard(0), shard(1)]);
  await clock.advance(1000);
  assert.deepEqual(next.expired, [0]);
  // This one had a connection when it was saved: it waits from the start of the new life.
  await clock.advance(CONSUMER_SESSION_TTL_MS - 1000);
  assert.deepEqual(next.expired, [0, 1]);
});

Deno.test("DownstreamSessions leaves out sessions whose time is up, and shards that run elsewhere", async () => {
  const { clock, sessions } = book();
  sessions.detach(sessions.begin(shard(0), { from: 0 }));
  sessions.begin(shard(1), { from: 0 });
  sessions.begin(shard(2), { from: 0 });
  const saved = sessions.save();
  await clock.advance(CONSUMER_SESSION_TTL_MS);
  assert.deepEqual(book({}, clock).sessions.load(saved, ({ id }) => id !== 2), [shard(1)]);
});

Deno.test("DownstreamSessions takes nothing over from another numbering or shard count", () => {
  const { clock, sessions } = book();
  sessions.begin(shard(0), { from: 0 });
  sessions.begin(shard(0, 8), { from: 0 });
  assert.deepEqual(nextLife(sessions, clock, { stream: "other" }).held, []);
  assert.deepEqual(nextLife(sessions, clock).held, [shard(0)]);
});

Deno.test("DownstreamSessions takes nothing over that it did not write", () => {
  const good = { sessionId: "a", shard: shard(0), base: 0, acknowledged: 1, detachedAtMs: null };
  const load = (saved: unknown) => book().sessions.load(saved, all);
  const saved = (session: unknown) => ({ stream: "stream", sessions: [session] });
  assert.deepEqual(load(saved(good)), [shard(0)]);
  for (
    const changed of [{ sessionId: 1 }, { shard: { total: 4, id: "0" } }, { shard: 0 }, {
      base: null,
    }, { detachedAtMs: "" }]
  ) {
    assert.deepEqual(load(saved({ ...good, ...changed })), [], JSON.stringify(changed));
  }
  for (const other of [undefined, null, 7, {}, { sessions: 7 }, saved(null)]) {
    assert.deepEqual(load(other), []);
  }
});

Deno.test("DownstreamSessions takes over one session per shard", async () => {
  const { clock, sessions, expired } = book();
  const saved = { sessionId: "a", shard: shard(0), base: 0, acknowledged: 1, detachedAtMs: null };
  const both = [saved, { ...saved, sessionId: "b" }];
  sessions.load({ stream: "stream", sessions: both }, all);
  assert.equal(sessions.ofShard(shard(0))?.sessionId, "a");
  await clock.advance(CONSUMER_SESSION_TTL_MS);
  assert.deepEqual(expired, [0]);
});

Deno.test("DownstreamSessions does not wait longer when the wall clock was set back", async () => {
  const { sessions } = book();
  sessions.detach(sessions.begin(shard(0), { from: 0 }));
  const earlier = createVirtualClock(0);
  const next = nextLife(sessions, earlier);
  await earlier.advance(CONSUMER_SESSION_TTL_MS);
  assert.deepEqual(next.expired, [0]);
});

Deno.test("DownstreamSessions takes over what earlier versions wrote: one total for all", () => {
  const session = { sessionId: "a", shardId: 2, base: 0, acknowledged: 1, detachedAtMs: null };
  const saved = { stream: "stream", totalShards: 4, sessions: [session] };
  assert.deepEqual(book().sessions.load(saved, all), [shard(2)]);
  assert.deepEqual(book().sessions.load({ ...saved, totalShards: 8 }, all), []);
});

Deno.test("DownstreamSessions has shards of one id and two totals side by side", () => {
  const { sessions } = book();
  const [four, eight] = [
    sessions.begin(shard(1), { from: 10 }),
    sessions.begin(shard(1, 8), { from: 20 }),
  ];
  sessions.end(four);
  assert.equal(sessions.ofShard(shard(1)), undefined);
  assert.equal(sessions.ofShard(shard(1, 8)), eight);
});

Deno.test("DownstreamSessions leaves numbers for the guilds before the events, also in a later life", () => {
  const { clock, sessions } = book();
  const terms = { intents: 1, largeThreshold: 250 };
  const session = sessions.begin(shard(0), { from: 3, snapshots: 5, terms });
  assert.deepEqual([session.base, eventsAfter(session), session.sent], [-3, 3, -2]);
  assert.deepEqual([session.acknowledged, session.received], [3, 3]);
  const { sessions: next } = nextLife(sessions, clock);
  const again = next.ofShard(shard(0))!;
  assert.deepEqual([again.snapshots, again.base, again.terms], [5, -3, terms]);
  next.attach(again, -1);
  assert.equal(again.received, 3, "what came before the session would come again");
});

Deno.test("DownstreamSessions knows of no guilds and no terms where a file of an earlier version does not", () => {
  const { sessions } = book();
  const old = { sessionId: "a", shard: shard(0), base: 4, acknowledged: 7, detachedAtMs: null };
  sessions.load({ stream: "stream", sessions: [old] }, all);
  const { snapshots, terms } = sessions.ofShard(shard(0))!;
  assert.deepEqual([snapshots, terms], [0, { intents: ALL_INTENTS, largeThreshold: 50 }]);
});

Deno.test("DownstreamSessions acknowledges what was not for a client once that is written down", () => {
  const { clock, sessions, done, changes } = book();
  const session = sessions.begin(shard(0), { from: 10 });
  sessions.sent(session, 12);
  sessions.acknowledge(session, 12);
  const before = changes();
  sessions.passedBy(session, 20);
  sessions.passedBy(session, 20);
  assert.deepEqual([changes() - before, done], [1, []]);
  const saved = sessions.save();
  sessions.passedBy(session, 25);
  sessions.written(saved);
  assert.deepEqual(done, [[0, 20]], "25 is not written down");
  assert.equal(nextLife(sessions, clock).sessions.ofShard(shard(0))!.doneTo, 25);
  sessions.end(session);
  sessions.written(saved);
  assert.equal(done.length, 1, "its session is over");
});

Deno.test("DownstreamSessions remembers whether a client has had guilds, and whose bot it is", () => {
  const { clock, sessions } = book();
  const session = sessions.begin(shard(0), { from: 10, botId: "7" });
  assert.equal(session.knowsGuilds, false);
  sessions.toldOfGuilds(session);
  const again = nextLife(sessions, clock).sessions.ofShard(shard(0))!;
  assert.deepEqual([again.knowsGuilds, again.botId], [true, "7"]);
});

Deno.test("DownstreamSessions go on over other shards with the next numbers, and lose no word of what was acknowledged", () => {
  let shards = [shard(0, 2)];
  const { sessions } = book({ shardsOf: () => shards });
  const session = sessions.begin(shard(0, 2), { from: 100, snapshots: 3 });
  sessions.sent(session, 120);
  sessions.acknowledge(session, 118);
  const acknowledgedS = session.acknowledged - session.base;
  shards = [shard(0), shard(2)];
  assert.ok(sessions.isMoved(session));
  sessions.move(session, 7);
  assert.equal(sessions.isMoved(session), false);
  assert.deepEqual(session.shards, ["0/4", "2/4"]);
  assert.equal(session.acknowledged - session.base, acknowledgedS);
  assert.equal(7 - session.base, 120 - 96, "what came last has the number that it had");
  assert.deepEqual([session.snapshots, session.doneTo, session.sent], [0, 7, 7]);
});

Deno.test("DownstreamSessions do not acknowledge by old cursors when a session has moved before it was written down", () => {
  let shards = [shard(0, 2)];
  const { sessions, done } = book({ shardsOf: () => shards });
  const session = sessions.begin(shard(0, 2), { from: 100 });
  sessions.sent(session, 120);
  sessions.passedBy(session, 130);
  const saved = sessions.save();
  shards = [shard(0)];
  sessions.move(session, 7);
  sessions.written(saved);
  assert.deepEqual(done, []);
});

Deno.test("DownstreamSessions leave out what goes by other shards than those behind the seat", () => {
  const { sessions, clock } = book();
  sessions.begin(shard(0), { from: 10 });
  sessions.end(sessions.begin(shard(1), { from: 10 }));
  sessions.sent(sessions.begin(shard(2), { from: 10 }), 500);
  const next = nextLife(sessions, clock, {
    shardsOf: ({ id }: ShardKey) => id === 2 ? [shard(2)] : [shard(id, 8)],
  });
  assert.deepEqual(next.held, [shard(2)]);
  assert.deepEqual([0, 1].map((id) => next.sessions.highest(shard(id))), [0, 0]);
});
