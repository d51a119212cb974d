/** Three units, each with a cluster, and a service, as processes of their own, joined by a real server. */

import assert from "node:assert/strict";
import { fleetTest, startFleet } from "../../support/fleet/processes.ts";
import { until } from "../../support/unit_process.ts";

const SUPPORT = new URL("../../support/", import.meta.url).pathname;
const NAMES = ["a", "b", "c"] as const;
const TOTAL = 6;
const SOCIETY = {
  BOT_MODULE: `${SUPPORT}society_bot.ts`,
  SERVICES: `counter=${SUPPORT}counter_service.ts`,
  STATS_INTERVAL_MS: "1000",
};
fleetTest(
  "a fleet of processes is one society: commands, services, figures, and the death of a unit",
  async () => {
    await using fleet = await startFleet(NAMES, SOCIETY, {
      shards: TOTAL,
      maxConcurrency: TOTAL,
      guilds: 12,
    });
    const { sim, units, get, command, end } = fleet;
    const guildIds = [...sim.world.guilds.keys()].map(String);

    // Every cluster, from wherever it is asked.
    for (const name of NAMES) {
      const { results, errors } = await command(name, { all: true }, { do: "who" });
      const clusters = results.map(({ cluster }: { cluster: number }) => cluster);
      assert.deepEqual([clusters, errors], [[0, 1, 2], []]);
    }
    const state = await get("a", "/state");
    const fleetUnits: { unit: string; shards: number }[] = state.fleet.units;
    assert.deepEqual(fleetUnits.map(({ unit, shards }) => [unit, shards]), [["a", 2], ["b", 2], [
      "c",
      2,
    ]]);

    // A guild is of the cluster of the unit that has its shard, whoever is asked.
    const homeOf = async (guildId: string) => {
      const whos = await Promise.all(
        NAMES.filter((name) => units.has(name)).map((name) =>
          command(name, { guildId }, { do: "who" })
        ),
      );
      const clusters = new Set(whos.map(({ cluster }) => cluster));
      assert.equal(clusters.size, 1);
      return [...clusters][0] as number;
    };
    const homes = await Promise.all(guildIds.map(homeOf));
    assert.deepEqual([...new Set(homes)].sort(), [0, 1, 2]);

    // One service, which all reach.
    assert.equal(await command("a", { service: "counter" }, { add: 1 }), 1);
    assert.equal(await command("b", { service: "counter" }, { add: 1 }), 2);
    assert.equal(
      await command("c", { clusterId: 1 }, { do: "ask", service: "counter", data: { add: 1 } }),
      3,
    );

    // Everybody was told once that all are ready.
    const told = await command("a", { all: true }, { do: "told" });
    assert.deepEqual(told.results, [["allClustersReady"], ["allClustersReady"], [
      "allClustersReady",
    ]]);

    // Gateway commands, errors, caches of others, another unit's state.
    await command("a", { clusterId: 2 }, { do: "status" });
    assert.deepEqual(
      await command("c", { clusterId: 0 }, { do: "find", method: "fetchUser", ids: ["7"] }),
      { id: "7", username: "known to cluster 1" },
    );
    await assert.rejects(command("c", { clusterId: 0 }, { do: "fail" }), /too far/);
    assert.equal((await get("a", "/state?unit=b")).fleet.self, "b");
    for (let id = 0; id < TOTAL; id++) {
      assert.equal((await get("b", `/shards/${id}`)).status.shardId, id);
    }

    // Figures of all, and what each has for itself.
    const stats = () => get("c", "/stats");
    await until(async () => (await stats())?.services.counter.count === 3, 20_000);
    const { clusters, manager, units: ofUnits } = await stats();
    assert.deepEqual([Object.keys(clusters), Object.keys(ofUnits)], [["0", "1", "2"], [...NAMES]]);
    assert.deepEqual(Object.keys(manager.discord.shardStatus).length, TOTAL);
    assert.equal(manager.discord.guilds, 12);
    assert.ok(NAMES.every((name) => ofUnits[name].manager.memory.rss > 0));

    // The unit that runs the service dies.
    const runners = await Promise.all(
      NAMES.map(async (name) => [name, (await get(name, "/state")).services]),
    );
    const [runner] = runners.find(([, services]) => services.length > 0)!;
    assert.equal(runners.filter(([, services]) => services.length > 0).length, 1, "it runs once");
    await end(runner, "SIGKILL");
    const [left] = units.keys();
    const isBack = () =>
      command(left!, { service: "counter" }, { add: 1 }).then((count) => count >= 1, () => false);
    await until(isBack, 60_000);
    const all = await command(left!, { all: true }, { do: "who" });
    assert.equal(all.results.length, 2, "who is dead has no clusters");
    await until(async () => {
      const { fleet } = await get(left!, "/state");
      return fleet.unowned === 0 &&
        !fleet.units.some(({ unit }: { unit: string }) => unit === runner);
    }, 60_000);
    const after = await Promise.all(guildIds.map(homeOf));
    assert.ok(
      after.every((cluster) =>
        all.results.some((who: { cluster: number }) => who.cluster === cluster)
      ),
    );
  },
);
