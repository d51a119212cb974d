import assert from "node:assert/strict";
import fc from "fast-check";
import { logTo } from "../../ports/log.ts";
import { identifyKey } from "../../protocol/ids.ts";
import type { IdentifySnapshot, ShardState } from "../../protocol/status.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import {
  RENEWAL_DEADLINE_MS,
  Renewals,
  type RenewalShard,
  spareIdentifies,
  turnsNow,
} from "../../unit/renewals.ts";
import { NO_IDENTIFIES } from "../../unit/blank.ts";

const PLENTY: IdentifySnapshot = { ...NO_IDENTIFIES, remaining: 1000, total: 1000, reserve: 100 };
const fleet = (count: number, state: ShardState = "ready"): RenewalShard[] =>
  Array.from({ length: count }, (_, shardId) => ({ shardId, state }));

function setUp(identify = PLENTY, reconnect = () => Promise.resolve()) {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const asked: [number, number][] = [];
  const gate = { snapshot: identify };
  const renewals = new Renewals({
    clock,
    log: logTo((level, event) => lines.push(`${level} ${event}`)),
    gate,
    pool: {
      reconnect: (shardId, session) => {
        assert.equal(session, "end");
        asked.push([clock.now(), shardId]);
        return reconnect();
      },
    },
    spacingMs: 5_000,
  });
  return {
    renewals,
    gate,
    lines,
    asked,
    ids: () => asked.map(([, shardId]) => shardId),
    async pass(seconds: number, shards: RenewalShard[]) {
      for (let i = 0; i < seconds; i++) {
        renewals.look(shards);
        await clock.advance(1_000);
      }
    },
  };
}

Deno.test("turnsNow() takes one ready shard of each free key, with identifies that nobody needs", () => {
  fc.assert(fc.property(
    fc.record({
      states: fc.array(fc.constantFrom<ShardState>("ready", "queued", "stopped", "resuming")),
      wanted: fc.array(fc.nat(30)),
      under: fc.array(fc.nat(30), { maxLength: 3 }),
      ago: fc.dictionary(fc.constantFrom("0", "1", "2"), fc.nat(10_000)),
      maxConcurrency: fc.integer({ min: 1, max: 4 }),
      remaining: fc.nat(80),
      reserve: fc.nat(40),
      waiting: fc.nat(1),
    }),
    ({ states, wanted, under, ago, maxConcurrency, remaining, reserve, waiting }) => {
      const shards = states.map((state, shardId) => ({ shardId, state }));
      const identify = { ...PLENTY, maxConcurrency, remaining, reserve, waiting };
      const agoMs = new Map(Object.entries(ago).map(([key, ms]) => [Number(key), ms]));
      const begun = { under: new Set(under), agoMs };
      const turns = turnsNow(new Set(wanted), shards, identify, begun, 5_500);
      const keys = [...turns, ...begun.under].map((id) => identifyKey(id, maxConcurrency));
      assert.equal(new Set(turns).size, turns.length);
      for (const id of turns) {
        assert.ok(wanted.includes(id) && states[id] === "ready");
        const key = identifyKey(id, maxConcurrency);
        assert.equal(keys.filter((each) => each === key).length, 1, "two of one key");
        assert.ok((agoMs.get(key) ?? Infinity) >= 5_500);
      }
      if (waiting > 0) assert.deepEqual(turns, []);
      const most = spareIdentifies(identify, shards.length) - begun.under.size;
      assert.ok(turns.length <= Math.max(0, most));
    },
  ));
});

Deno.test("shards get new sessions one after another, each when the one before has its own", async () => {
  const { renewals, pass, ids, asked } = setUp();
  renewals.add([2, 0, 1]);
  const shards = fleet(3);
  await pass(3, shards);
  assert.deepEqual(ids(), [0]);
  await pass(20, shards);
  assert.deepEqual(ids(), [0], "it has no session yet");
  renewals.began(0);
  await pass(1, shards);
  renewals.began(1);
  await pass(20, shards);
  renewals.began(2);
  await pass(20, shards);
  assert.deepEqual(ids(), [0, 1, 2]);
  assert.ok(asked[2]![0] - asked[1]![0] >= 5_000);
  assert.equal(renewals.waiting, 0);
});

Deno.test("a shard that began a session by itself meanwhile needs none", async () => {
  const { renewals, pass, ids } = setUp();
  renewals.add([0, 1]);
  renewals.began(0);
  await pass(10, fleet(2));
  assert.deepEqual(ids(), [1]);
});

Deno.test("where too few identifies are left, sessions wait and it is told once", async () => {
  const { renewals, pass, ids, lines, gate } = setUp({ ...PLENTY, remaining: 103 });
  renewals.add([0, 1, 2]);
  await pass(60, fleet(3));
  assert.deepEqual([ids(), lines], [[], [
    "warn new sessions wait: too few identifies are left for today",
  ]]);
  gate.snapshot = PLENTY;
  await pass(1, fleet(3));
  assert.deepEqual(ids(), [0]);
});

Deno.test("a shard that cannot be reached is asked again, and one that does not come back is not waited for", async () => {
  let fails = 1;
  const { renewals, pass, ids, lines } = setUp(
    PLENTY,
    () => fails-- > 0 ? Promise.reject(new Error("lost")) : Promise.resolve(),
  );
  renewals.add([0, 1]);
  await pass(8, fleet(2));
  assert.deepEqual(ids(), [0, 0]);
  assert.ok(lines.includes("warn shard did not give its session up"));
  await pass(RENEWAL_DEADLINE_MS / 1_000, fleet(2));
  assert.deepEqual(ids(), [0, 0, 1]);
});
