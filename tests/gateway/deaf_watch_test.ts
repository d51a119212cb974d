import assert from "node:assert/strict";
import { KNOWN_AFTER } from "../../gateway/deaf.ts";
import { type DeafFinding, DeafWatch, type ShardMoment } from "../../gateway/deaf_watch.ts";
import { INTENTS } from "../../protocol/discord/intents.ts";
import { SETTLE_MS } from "../../gateway/quiet.ts";

const MINUTE_MS = 60_000;
const START_MS = 1_000_000_000_000;

/** A unit that gets so many events of each type per minute. */
function live(perMinute: Record<string, number>, shards = 20) {
  let watch = new DeafWatch(10 * MINUTE_MS);
  const rates = { ...perMinute };
  const counts: Record<string, number> = {};
  const moments: ShardMoment[] = Array.from({ length: shards }, () => (
    { state: "ready", sinceMs: START_MS - SETTLE_MS }
  ));
  const acts: string[] = [];
  const found: DeafFinding[] = [];
  let nowMs = START_MS;
  let minute = 0;
  let lacking = 0;
  return {
    acts,
    found,
    rates,
    moments,
    deaf: () => watch.deaf.map(({ type }) => type),
    now: () => nowMs,
    lack: (intents: number) => void (lacking = intents),
    restart() {
      watch = new DeafWatch(10 * MINUTE_MS, JSON.parse(JSON.stringify(watch.save())));
      for (const type in counts) counts[type] = 0;
    },
    run(minutes: number) {
      const end = minute + minutes;
      for (; minute < end; minute++) {
        for (const [type, rate] of Object.entries(rates)) counts[type] = (counts[type] ?? 0) + rate;
        for (let second = 0; second < 60; second += 20) {
          nowMs += 20_000;
          for (const finding of watch.observe(nowMs, { ...counts }, moments, lacking)) {
            found.push(finding);
            acts.push(`${finding.act} ${finding.type} at ${minute}`);
          }
        }
      }
    },
  };
}

const BUSY = { INTERACTION_CREATE: 5, GUILD_CREATE: 1, TYPING_START: 50 };

Deno.test("types that stop on all shards while others flow are told, once, and again when they come", () => {
  const it = live(BUSY);
  it.run(200);
  assert.deepEqual(it.acts, []);
  Object.assign(it.rates, { INTERACTION_CREATE: 0, GUILD_CREATE: 0 });
  it.run(120);
  assert.deepEqual(it.acts, ["deaf INTERACTION_CREATE at 209", "deaf GUILD_CREATE at 209"]);
  assert.deepEqual(it.deaf(), ["INTERACTION_CREATE", "GUILD_CREATE"]);
  it.rates.INTERACTION_CREATE = 5;
  it.run(10);
  assert.deepEqual(it.acts.slice(2), ["heard INTERACTION_CREATE at 320"]);
  // Two hours of deafness have not made it patient.
  it.rates.INTERACTION_CREATE = 0;
  it.run(11);
  assert.deepEqual(it.acts.slice(3), ["deaf INTERACTION_CREATE at 339"]);
});

Deno.test("a finding says since when nothing came, what was to be expected, and what came instead", () => {
  const it = live(BUSY);
  it.run(200);
  it.rates.INTERACTION_CREATE = 0;
  const sinceMs = it.now();
  it.run(30);
  // Minutes are counted from the first look on, 20 s after the start: the last one that heard some.
  const finding = {
    type: "INTERACTION_CREATE",
    sinceMs: sinceMs - 40_000,
    expected: 50,
    others: 510,
  };
  assert.deepEqual(it.found, [{ act: "deaf", ...finding }]);
});

Deno.test("a fleet that is away, in part or as a whole, hears nothing and misses nothing", () => {
  const it = live(BUSY);
  it.run(200);
  it.rates.INTERACTION_CREATE = 0;
  it.moments[0] = { state: "backing off", sinceMs: it.now() };
  it.moments[1] = { state: "resuming", sinceMs: it.now() };
  it.run(600);
  assert.deepEqual(it.acts, []);
  // They are back, and settle: from then on a silence counts.
  for (const i of [0, 1]) it.moments[i] = { state: "ready", sinceMs: it.now() };
  it.run(11);
  assert.deepEqual(it.acts, []);
  it.run(3);
  assert.deepEqual(it.acts, ["deaf INTERACTION_CREATE at 812"]);
});

Deno.test("one of twenty shards may come and go", () => {
  const it = live(BUSY);
  it.moments[7] = { state: "resuming", sinceMs: START_MS };
  it.run(200);
  it.rates.INTERACTION_CREATE = 0;
  it.run(20);
  assert.deepEqual(it.deaf(), ["INTERACTION_CREATE"]);
});

Deno.test("what the bot asks for, and what has no name, is not missed", () => {
  const it = live({ ...BUSY, GUILD_MEMBERS_CHUNK: 9, RESUMED: 2, other: 3 });
  it.run(300);
  Object.assign(it.rates, { GUILD_MEMBERS_CHUNK: 0, RESUMED: 0, other: 0 });
  it.run(300);
  assert.deepEqual(it.acts, []);
});

Deno.test("guilds that load when a fleet starts are no habit of GUILD_CREATE", () => {
  const it = live({ TYPING_START: 50, GUILD_CREATE: 3_000 });
  it.run(90);
  it.rates.GUILD_CREATE = 0;
  it.run(3 * 24 * 60);
  assert.deepEqual(it.acts, []);
});

Deno.test("a restart forgets nothing: neither what is usual nor what is deaf", () => {
  const it = live(BUSY);
  it.run(KNOWN_AFTER.dense + 10);
  it.restart();
  it.rates.INTERACTION_CREATE = 0;
  it.run(12);
  assert.deepEqual(it.acts, ["deaf INTERACTION_CREATE at 140"]);
  it.restart();
  it.run(30);
  assert.deepEqual([it.acts.length, it.deaf()], [1, ["INTERACTION_CREATE"]]);
  it.rates.INTERACTION_CREATE = 5;
  it.run(2);
  assert.equal(it.acts.length, 2);
});

Deno.test("a type that has been away for a day is not expected any more", () => {
  const it = live(BUSY);
  it.run(200);
  it.rates.INTERACTION_CREATE = 0;
  it.run(3 * 24 * 60);
  const day = 24 * 60;
  assert.deepEqual(it.acts, [
    "deaf INTERACTION_CREATE at 209",
    `gone INTERACTION_CREATE at ${209 + day}`,
  ]);
  assert.deepEqual(it.deaf(), []);
});

Deno.test("what was saved and cannot be read begins anew", () => {
  for (const saved of [undefined, null, 3, [], {}, { known: {}, types: {} }, { known: 3 }]) {
    assert.deepEqual(new DeafWatch(1, saved).save().types, {});
  }
  const known = { minutes: 3, others: 4 };
  const odd = { known, types: { A: null, B: {} }, deaf: [null, { type: "A" }] };
  assert.deepEqual(new DeafWatch(1, odd).save(), { known, types: {}, deaf: [] });
});

Deno.test("what comes by an intent that sessions lack is not missed, and is again once they have it", () => {
  const it = live({ ...BUSY, PRESENCE_UPDATE: 500 });
  it.run(200);
  it.lack(INTENTS.GUILD_PRESENCES);
  it.rates.PRESENCE_UPDATE = 0;
  it.run(600);
  assert.deepEqual(it.acts, []);
  it.lack(0);
  it.run(12);
  assert.deepEqual(it.deaf(), ["PRESENCE_UPDATE"]);
});
