/** The event stream of a fleet, whatever befalls its units: what Discord sent, each event once, in order. */

import assert from "node:assert/strict";
import { beginReshard } from "../../../unit/reshard/resharding.ts";
import { createScenario, type Scenario } from "../../support/fleet/scenario.ts";
import { FakeStream } from "../../support/fleet/fake_stream.ts";

const SHARDS = 8;

/** Whether each shard's events in the stream are those that were sent. */
function check({ stage: { sim } }: Scenario, stream: FakeStream): void {
  for (let id = 0; id < SHARDS; id++) {
    const items = stream.read({ id, total: SHARDS });
    const cursors = items.map(({ cursor }) => cursor);
    assert.deepEqual(cursors, [...new Set(cursors)].toSorted((a, b) => a - b), `order of ${id}`);
    const told = items.flatMap(({ event }) => event ?? []) as { t: string; s: number }[];
    const seen = told.filter(({ t }) => t !== "RESUMED").map(({ s }) => s);
    const sent = sim.ledger.events.filter(({ shardId, t }) => shardId === id && t !== "RESUMED");
    assert.ok(seen.length > 50, `${seen.length} of shard ${id}`);
    assert.deepEqual(seen, sent.map(({ s }) => s!).filter((s) => s >= seen[0]!), `shard ${id}`);
  }
}

const cases: Readonly<Record<string, (scenario: Scenario, stream: FakeStream) => Promise<void>>> = {
  async "units that come and leave"({ stage, even, pass }) {
    await stage.start("c");
    await even("a", "b", "c");
    await pass(3_000);
    await stage.stop("b");
    await even("a", "c");
  },
  async "a unit that is killed"({ stage, even }) {
    stage.kill("b");
    await even("a");
  },
  async "a unit that stands still, and wakes when others have its shards"({ stage, even, pass }) {
    stage.freeze("b");
    await pass(30_000);
    stage.thaw("b");
    await even("a", "b");
  },
  // It still writes there: two writers for each shard.
  async "a unit that is cut off from the others, but not from the stream"({ stage, even, pass }) {
    stage.bus.part([["a"]]);
    await pass(60_000);
    stage.bus.part(null);
    await even("a", "b");
  },
  async "a stream that is away while shards move"({ stage, even, pass }, stream) {
    stream.isAway = true;
    await pass(5_000);
    await stage.start("c");
    await even("a", "b", "c");
    stream.isAway = false;
    stream.faults = ["unheard", "away", "unheard", "unheard"];
    await pass(5_000);
  },
};

for (const [what, befall] of Object.entries(cases)) {
  for (const seed of [1, 2]) {
    Deno.test(`the event stream has each event once with ${what} (seed ${seed})`, async () => {
      const events = new FakeStream();
      const scenario = await createScenario({ shards: SHARDS, units: ["a", "b"], seed, events });
      await scenario.pass(5_000);
      await befall(scenario, events);
      await scenario.pass(10_000);
      await scenario.assertWhole();
      check(scenario, events);
    });
  }
}

Deno.test("the event stream has each message once through a reshard, by shards of both totals", async () => {
  const events = new FakeStream();
  const scenario = await createScenario({ shards: 4, units: ["a", "b"], events });
  const { stage } = scenario;
  await scenario.pass(5_000);
  await stage.run(Promise.resolve(beginReshard(stage.unit("b"), 8, "operator")));
  stage.become(8);
  const isDone = () =>
    stage.isWhole() && stage.running().every((name) => stage.unit(name).totalShards === 8);
  await stage.clock.runUntil(isDone, 400_000);
  await scenario.pass(10_000);
  await scenario.assertWhole({ identifies: { 4: 4, 8: 8 } });
  const messages = [...events.batches.keys()].map((key) => key.split("/").map(Number))
    .flatMap(([id, total]) => events.read({ id: id!, total: total! }))
    .flatMap(({ event }) => event ?? []) as { t: string; d: { id: string } }[];
  const seen = messages.filter(({ t }) => t === "MESSAGE_CREATE").map(({ d }) => d.id);
  const sent = stage.sim.ledger.events.filter(({ t }) => t === "MESSAGE_CREATE")
    .map(({ key }) => key);
  assert.ok(seen.length > 300, `${seen.length} messages`);
  assert.equal(new Set(seen).size, seen.length);
  assert.deepEqual(seen.toSorted(), [...new Set(sent)].toSorted());
});
