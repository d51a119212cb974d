/** A cluster on another host, which the unit dials: it takes part like those that the unit starts. */

import assert from "node:assert/strict";
import { type BotContext, defineBot, serveEvents } from "../../mod.ts";
import { silentLog } from "../../ports/log.ts";
import { startSociety } from "../support/society.ts";
import { until } from "../support/unit_process.ts";

const RECEPTIVE = { receptive: true, timeout: 5000 } as const;

/** A bot in this process, for a unit in another. */
async function serveBot() {
  const told: unknown[] = [];
  const started = Promise.withResolvers<BotContext>();
  const bot = defineBot({
    events: {},
    start: (context) => started.resolve(context),
    allClustersReady: () => void told.push("allClustersReady"),
    getStats: () => ({ far: true }),
    handleCommand(data, _receptive, { cluster, asResponse, asError }) {
      if (data === "fail") {
        return asError(new RangeError("too far", { cause: new Error("because") }));
      }
      return asResponse({ cluster: cluster.id, data });
    },
  });
  const server = await serveEvents({ port: 0, secretKey: "between-us", log: silentLog }, bot);
  return {
    told,
    context: await started.promise,
    settings: {
      EVENT_HANDLER_URL: `ws://127.0.0.1:${server.port}`,
      EVENT_HANDLER_SECRET_KEY: "between-us",
      BOT_MODULE: "",
      TOTAL_CLUSTERS: "",
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

Deno.test("a remote cluster commands and is commanded, with values that JSON cannot carry", async () => {
  await using bot = await serveBot();
  await using rig = await startSociety({ ...bot.settings, STATS_INTERVAL_MS: "200" });
  const { ipc, gateway } = bot.context;
  assert.equal(await ipc.sendServiceCommand("counter", { add: 2 }, RECEPTIVE), 2);
  const data = new Map<string, unknown>([["at", new Date(5)], ["n", 7n]]);
  assert.deepEqual(await ipc.sendClusterCommand({ clusterId: 0 }, data, RECEPTIVE), {
    cluster: 0,
    data,
  });
  assert.deepEqual(await ipc.sendClusterCommand({ all: true }, 1, RECEPTIVE), {
    results: [{ cluster: 0, data: 1 }],
    errors: [],
  });
  await assert.rejects(ipc.sendClusterCommand({ clusterId: 0 }, "fail", RECEPTIVE), (error) => {
    assert.ok(error instanceof Error && error.cause instanceof Error);
    const { name, message, cause, stack } = error;
    assert.deepEqual([name, message, (cause as Error).message], [
      "RangeError",
      "too far",
      "because",
    ]);
    assert.match(stack!, /society_remote_test/);
    return true;
  });
  assert.deepEqual(bot.told, ["allClustersReady"]);
  await until(async () => (await ipc.stats())?.clusters[0]?.far === true, 10_000);

  await gateway.editBotStatus({ status: "idle", activities: [] });
  const sent = (wanted: number) => rig.sim.ledger.sends.filter(({ op }) => op === wanted);
  await until(() => sent(3).length === 4, 5_000, () => `${sent(3).length} presences`);
  const guild = [...rig.sim.world.guilds.values()].at(-1)!;
  await gateway.joinVoiceChannel(guild.id, guild.channels[0]!.id, { selfMute: true });
  await gateway.leaveVoiceChannel(guild.id);
  const shardId = gateway.calculateShardId(guild.id);
  await until(() => sent(4).length === 2, 5_000, () => `${sent(4).length} voice states`);
  assert.deepEqual(sent(4).map((it) => it.shardId), [shardId, shardId]);
  // The unit did not start it: it can be spoken to, and not be killed.
  await assert.rejects(ipc.clusters.get(0).kill(), /Cannot/);
});

Deno.test("commands to a remote cluster that is away fail at once, and nobody else minds", async () => {
  await using rig = await (async () => {
    const bot = await serveBot();
    const society = await startSociety(bot.settings);
    await bot[Symbol.asyncDispose]();
    return society;
  })();
  await until(
    () => rig.command({ clusterId: 0 }, 1).then(() => false, (e) => /not linked/.test(e)),
    5_000,
    () => "commands to nobody do not fail",
  );
  assert.equal(await rig.command({ service: "counter" }, { add: 1 }), 1);
});
