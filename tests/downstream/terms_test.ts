import assert from "node:assert/strict";
import type { DownstreamSession } from "../../downstream/session.ts";
import { judgeIdentify, judgeResume, readDialect } from "../../downstream/terms.ts";
import { ALL_INTENTS, INTENTS } from "../../protocol/discord/intents.ts";
import { seatsOver } from "../support/seats.ts";
import { TERMS } from "./stage.ts";

const dialect = (query: string) => readDialect(new URLSearchParams(query));
const identify = (changes: Record<string, unknown>) =>
  judgeIdentify({ token: "secret", intents: 1, shard: [0, 4], ...changes }, TERMS);

/** What {@linkcode identify} is granted where nothing else is asked for. */
const granted = (seen = {}) => ({
  seat: { total: 4, id: 0 },
  seen: { intents: 1, largeThreshold: 50, ...seen },
  presence: null,
  compress: false,
});

const SESSION: DownstreamSession = {
  sessionId: "known",
  shard: { total: 4, id: 1 },
  shards: ["1/4"],
  base: 99,
  snapshots: 0,
  terms: { intents: 1, largeThreshold: 50 },
  botId: null,
  doneTo: 110,
  knowsGuilds: false,
  repeatsTo: 100,
  acknowledged: 110,
  received: 110,
  sent: 120,
  sentAtMost: 120,
  detachedAtMs: null,
};
const resume = (changes: Record<string, unknown>, session = SESSION) =>
  judgeResume(
    { token: "secret", session_id: "known", seq: 15, ...changes },
    TERMS,
    (id) => id === session.sessionId ? session : undefined,
  );

Deno.test("readDialect() takes v8 to v10 or none, and 4012 for any other", () => {
  assert.deepEqual(dialect("v=10&encoding=json"), { version: 10, compression: "none" });
  assert.deepEqual(dialect("v=9"), { version: 9, compression: "none" });
  assert.deepEqual(dialect("v=8"), { version: 8, compression: "none" });
  assert.deepEqual(dialect(""), { version: 10, compression: "none" });
  for (const query of ["v=7", "v=11", "v=x"]) {
    assert.equal((dialect(query) as { code: number }).code, 4012, query);
  }
});

Deno.test("readDialect() takes both compressions, and 4002 for etf and what it does not know", () => {
  for (const compression of ["zlib-stream", "zstd-stream"]) {
    assert.deepEqual(dialect(`v=10&compress=${compression}`), { version: 10, compression });
  }
  assert.deepEqual(dialect("v=10&encoding=etf"), {
    code: 4002,
    reason: "Encoding etf is not spoken: expected encoding=json.",
  });
  assert.equal((dialect("v=10&compress=lz4") as { code: number }).code, 4002);
});

Deno.test("judgeIdentify() takes the secret with and without Bot, and 4004 for another", () => {
  for (const token of ["secret", "Bot secret", "bot secret"]) {
    assert.deepEqual(identify({ token }), granted());
  }
  for (const token of ["", "Bot", "Bot other", "Bearer secret", "Bot Bot secret"]) {
    const refusal = identify({ token }) as { code: number; reason: string };
    assert.equal(refusal.code, 4004, token);
    assert.ok(token.length < 5 || !refusal.reason.includes(token));
  }
});

Deno.test("judgeIdentify() takes a name behind the secret for who reads beside the bot, whose presence it is not", () => {
  const presence = { status: "idle" };
  for (const token of ["secret:logger", "Bot secret:logger"]) {
    assert.deepEqual(identify({ token, presence }), {
      ...granted(),
      seat: { total: 4, id: 0, reader: "logger" },
    });
  }
  for (const name of ["", "a b", "../x", "Logger", "x".repeat(33)]) {
    assert.equal((identify({ token: `secret:${name}` }) as { code: number }).code, 4004, name);
  }
  assert.equal((identify({ token: "secre:logger" }) as { code: number }).code, 4004);
});

Deno.test("judgeIdentify() refuses a name where a shard has one consumer, and says the setting", () => {
  const terms = { ...TERMS, consumersPerShard: 1 };
  const d = { token: "secret:logger", intents: 1, shard: [0, 4] };
  const refused = judgeIdentify(d, terms) as { code: number; reason: string };
  assert.equal(refused.code, 4004);
  assert.match(refused.reason, /CONSUMERS_PER_SHARD/);
  // A secret may look like one with a name.
  const odd = { ...terms, isSecret: (token: string) => token === "secret:logger" };
  assert.deepEqual(judgeIdentify(d, odd), granted());
});

Deno.test("judgeIdentify() takes a total that divides ours or is a multiple of it where that is allowed, and all its shards are ours", () => {
  const d = { token: "secret", intents: 1 };
  const any = { ...TERMS, otherTotals: true };
  const judged = (shard: unknown, terms = any) =>
    judgeIdentify({ ...d, shard }, terms) as { seat?: unknown; code?: number; reason?: string };
  assert.equal(judged([0, 1]).code, 4010, "shard 3 of 4 runs elsewhere");
  assert.deepEqual(judged([0, 2]).seat, { id: 0, total: 2 });
  assert.equal(judged([0, 2], TERMS).code, 4010);
  const whole = { ...any, shards: seatsOver(4) };
  assert.deepEqual(judged(undefined, whole).seat, { id: 0, total: 1 });
  assert.deepEqual(judged([5, 8], whole).seat, { id: 5, total: 8 });
  const reading = { ...d, token: "secret:logger", shard: [5, 8] };
  assert.match(
    (judgeIdentify(reading, whole) as { reason: string }).reason,
    /only the bot divides/,
  );
  for (const shard of [[0, 3], [0, 6], [8, 8], [2, 2], [0, 0], [-1, 2]]) {
    assert.equal(judged(shard, whole).code, 4010, shard.join());
  }
  assert.match(judged([0, 3], whole).reason!, /what divides it/);
});

Deno.test("judgeResume() knows no session of another name", () => {
  const session = { ...SESSION, shard: { ...SESSION.shard, reader: "logger" } };
  assert.equal(resume({}, session), null);
  assert.equal(resume({ token: "secret:audit" }, session), null);
  assert.deepEqual(resume({ token: "secret:logger" }, session), { session, s: 15 });
  assert.equal(resume({ token: "secret:logger" }), null);
});

Deno.test("judgeIdentify() refuses with 4002 what has no token", () => {
  for (const d of [null, undefined, 7, [], {}, { token: 7 }]) {
    assert.equal((judgeIdentify(d, TERMS) as { code: number }).code, 4002);
  }
});

Deno.test("judgeIdentify() refuses with 4010 a shard that is not ours, and says the right numbers", () => {
  const reasonFor = (shard: unknown) => {
    const { code, reason } = identify({ shard }) as { code: number; reason: string };
    assert.equal(code, 4010, JSON.stringify(shard));
    return reason;
  };
  assert.equal(
    reasonFor([0, 8]),
    "Invalid shard [0, 8]: this unit has 4 in total, see GET /gateway/bot.",
  );
  assert.equal(reasonFor([3, 4]), "Invalid shard 3: this unit runs 0 to 2 of 4.");
  for (const shard of [[-1, 4], "0,4", [0], [0.5, 4], [0, 4, 1], {}]) reasonFor(shard);
});

Deno.test("judgeIdentify() names the unit that runs a shard which this one does not", () => {
  const { shards } = TERMS;
  const whereIs = ({ id }: { readonly id: number }) => id === 3 ? "b" : null;
  const named = {
    total: shards.total,
    totals: shards.totals,
    of: (seat: Parameters<typeof shards.of>[0]) => shards.of(seat),
    runs: (shard: Parameters<typeof shards.runs>[0]) => shards.runs(shard),
    whereIs,
  };
  const d = { token: "secret", intents: 1, shard: [3, 4] };
  const refused = judgeIdentify(d, { ...TERMS, shards: named }) as { reason: string };
  assert.equal(refused.reason, "Invalid shard 3: unit b runs it.");
});

Deno.test("judgeIdentify() reads no shard as [0, 1]", () => {
  assert.equal((identify({ shard: undefined }) as { code: number }).code, 4010);
  const single = { ...TERMS, shards: seatsOver(1) };
  const identified = judgeIdentify({ token: "secret", intents: 0 }, single);
  assert.deepEqual(identified, {
    seat: { total: 1, id: 0 },
    seen: { intents: 0, largeThreshold: 50 },
    presence: null,
    compress: false,
  });
});

Deno.test("judgeIdentify() refuses with 4014 intents that the unit did not ask for, by name", () => {
  const intents = INTENTS.GUILDS | INTENTS.GUILD_MEMBERS | INTENTS.MESSAGE_CONTENT;
  assert.deepEqual(identify({ intents }), {
    code: 4014,
    reason: "Disallowed intents, add to INTENTS: GUILD_MEMBERS, MESSAGE_CONTENT",
  });
  assert.deepEqual(identify({ intents: TERMS.intents }), granted({ intents: TERMS.intents }));
});

Deno.test("judgeIdentify() refuses with 4013 intents that nobody knows", () => {
  for (const intents of [undefined, null, "1", -1, 1.5, 1 << 17, ALL_INTENTS + 2 ** 40]) {
    assert.equal((identify({ intents }) as { code: number }).code, 4013, String(intents));
  }
});

Deno.test("judgeIdentify() grants the presence that was asked for", () => {
  const presence = { since: null, activities: [], status: "idle", afk: false };
  assert.deepEqual(identify({ presence: { status: "idle" } }), { ...granted(), presence });
});

Deno.test("judgeIdentify() takes large_threshold within Discord's bounds, and 50 where none is asked for", () => {
  const asked: [unknown, number][] = [[50, 50], [120, 120], [250, 250], [1, 50], [1000, 250]];
  for (const [large_threshold, largeThreshold] of [...asked, [undefined, 50], ["9", 50]] as const) {
    assert.deepEqual(identify({ large_threshold }), granted({ largeThreshold }));
  }
});

Deno.test("judgeResume() goes on from the number that the client has", () => {
  assert.deepEqual(resume({ seq: 15 }), { session: SESSION, s: 15 });
  assert.deepEqual(resume({ seq: 11 }), { session: SESSION, s: 11 });
  assert.deepEqual(resume({ seq: 21 }), { session: SESSION, s: 21 });
});

Deno.test("judgeResume() knows no session for another id, or for a number that is not kept", () => {
  assert.equal(resume({ session_id: "other" }), null);
  assert.equal(resume({ seq: 10 }), null);
  assert.equal(resume({ seq: 0 }), null);
  assert.equal(resume({ seq: null }), null);
});

Deno.test("judgeResume() refuses with 4007 a number that was never sent, and says the last one", () => {
  const refusal = { code: 4007, reason: "Invalid seq 22: the last one sent is 21." };
  assert.deepEqual(resume({ seq: 22 }), refusal);
});

Deno.test("judgeResume() believes the client where nobody knows what was sent", () => {
  const loaded = { ...SESSION, sent: null };
  assert.deepEqual(resume({ seq: 5000 }, loaded), { session: loaded, s: 5000 });
});

Deno.test("judgeResume() refuses what is no RESUME with 4002, and another token with 4004", () => {
  for (const changes of [{ token: 1 }, { session_id: null }, { seq: 1.5 }, { seq: "1" }]) {
    assert.equal((resume(changes) as { code: number }).code, 4002, JSON.stringify(changes));
  }
  assert.equal((judgeResume(null, TERMS, () => SESSION) as { code: number }).code, 4002);
  assert.equal((resume({ token: "other" }) as { code: number }).code, 4004);
});

Deno.test("judgeResume() goes on in the midst of the guilds, until an event is acknowledged", () => {
  // READY is 1, the guilds are 2 to 11, the first event is 12.
  const session = { ...SESSION, snapshots: 10, acknowledged: 110, sent: 105 };
  assert.deepEqual(resume({ seq: 1 }, session), { session, s: 1 });
  assert.deepEqual(resume({ seq: 6 }, session), { session, s: 6 });
  assert.equal((resume({ seq: 7 }, session) as { code: number }).code, 4007);
  assert.equal(resume({ seq: 0 }, session), null);
  const later = { ...session, acknowledged: 111, sent: 120 };
  assert.equal(resume({ seq: 6 }, later), null);
  assert.deepEqual(resume({ seq: 12 }, later), { session: later, s: 12 });
});

Deno.test("judgeIdentify() has an IDENTIFY come again that fits the total before or the one to come, but not in part", () => {
  const shards = seatsOver(4, 6, [1]);
  const any = { ...TERMS, shards, otherTotals: true };
  const rows: readonly (readonly [id: number, total: number, is: "seat" | "later" | "code"])[] = [
    [0, 4, "seat"],
    [1, 4, "later"],
    [0, 6, "later"],
    [1, 6, "seat"],
    [0, 2, "seat"],
    [0, 12, "seat"],
    [0, 5, "code"],
  ];
  for (const [id, total, is] of rows) {
    const judged = judgeIdentify({ token: "secret", intents: 1, shard: [id, total] }, any);
    assert.ok(is in judged, `[${id}, ${total}]: ${JSON.stringify(judged)}`);
  }
  const own = judgeIdentify({ token: "secret", intents: 1, shard: [0, 12] }, {
    ...any,
    otherTotals: false,
  });
  assert.equal((own as { code: number }).code, 4010);
});
