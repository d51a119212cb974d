/** Shards that go from unit to unit while workers, units and the bot's links come to harm, in virtual time. */

import assert from "node:assert/strict";
import { sleep } from "../../../ports/clock.ts";
import { seededRandom } from "../../../ports/random.ts";
import { LEASE_MS } from "../../../protocol/fleet.ts";
import { createMovingStage, type Host } from "../../support/fleet/moving_stage.ts";

const STEPS = 12;

for (let seed = 1; seed <= 12; seed++) {
  Deno.test(`whatever befalls the units, nothing is lost, nothing comes twice, and nothing is identified again (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const below = (n: number) => Math.floor(random() * n);
    const stage = createMovingStage({ seed, shards: 6, hasDisk: seed % 3 > 0 });
    const { clock, run, assign } = stage;
    const hosts: Host[] = [];
    for (const name of ["a", "b", "c"]) hosts.push(await stage.host(name));
    stage.startBot();
    const bot = stage.place.bot;
    const owner = new Map<number, number>();
    for (const [at, ids] of [[0, 1], [2, 3], [4, 5]].entries()) {
      await run(hosts[at]!.take(ids));
      for (const id of ids) owner.set(id, at);
    }
    await stage.readyAt(...hosts);
    stage.sim.traffic.setRate(30);
    await clock.advance(2_000);
    const done: string[] = [];

    /** As who follows the assignment does it. */
    const move = async (id: number, to: number) => {
      const [from, next] = [hosts[owner.get(id)!]!, hosts[to]!];
      for (let tries = 0;; tries++) {
        assert.ok(tries < 30, `shard ${id} does not go: ${done.join("; ")}`);
        const isGiven = await from.give(id, next.name).then(() => true, () => false);
        if (isGiven) break;
        await sleep(clock, 500);
      }
      assign();
      while (!await next.take([id], "given", from.name).then(() => true, () => false)) {
        await sleep(clock, 500);
      }
      owner.set(id, to);
      await from.lose(id);
    };
    const steps: (() => Promise<unknown>)[] = [
      () => {
        const [id, to] = [below(6), below(3)];
        done.push(`${id} to ${to}`);
        return to === owner.get(id) ? Promise.resolve() : run(move(id, to), 120_000);
      },
      // Several at once, and a worker dies meanwhile.
      async () => {
        const to = below(3);
        const ids = [...owner].filter(([, at]) => at !== to).map(([id]) => id).slice(0, 3);
        done.push(`${ids} to ${to}, worker killed`);
        const moving = Promise.all(ids.map((id) => move(id, to)));
        await clock.advance(below(60));
        hosts[below(3)]!.killWorker(below(6));
        await run(moving, 120_000);
      },
      async () => {
        done.push("bot away");
        stage.endBot();
        await clock.advance(below(8_000));
        stage.place.bot = bot;
      },
      // A unit dies, others take over; it is back some time.
      async () => {
        const at = below(3);
        done.push(`${at} killed`);
        const ids = [...owner].filter(([, who]) => who === at).map(([id]) => id);
        hosts[at]!.kill();
        await clock.advance(LEASE_MS);
        assign();
        for (const id of ids) {
          const to = (at + 1 + below(2)) % 3;
          await run(hosts[to]!.take([id], "dead", "abc"[at]!));
          owner.set(id, to);
        }
        hosts[at] = await run(stage.host("abc"[at]!, hosts[at]!.disk));
      },
      // It is back within its lease.
      async () => {
        const at = below(3);
        done.push(`${at} restarted`);
        const ids = [...owner].filter(([, who]) => who === at).map(([id]) => id);
        hosts[at]!.kill();
        await clock.advance(below(5_000));
        hosts[at] = await run(stage.host("abc"[at]!, hosts[at]!.disk));
        await run(hosts[at]!.take(ids, "given", "abc"[at]!));
      },
      async () => {
        done.push("line");
        stage.bus.stop();
        await clock.advance(below(10_000));
        stage.bus.start(below(2) * 5_000);
        await clock.advance(3_000);
      },
    ];
    for (let step = 0; step < STEPS; step++) {
      await steps[below(steps.length)]!();
      await clock.advance(below(3_000));
    }
    stage.place.bot = bot;
    stage.sim.traffic.setRate(0);
    await stage.readyAt(...hosts);
    await clock.advance(12_000);
    await clock.runUntil(() => hosts.every(({ queued }) => queued === 0), 600_000);
    await clock.advance(10_000);
    try {
      stage.assertAll();
    } catch (error) {
      console.log(done.join("; "));
      throw error;
    }
  });
}
