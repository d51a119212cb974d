/** Clusters that are threads of the unit: lighter, and not to be stopped while they are busy. */

import assert from "node:assert/strict";
import { startSociety } from "../support/society.ts";
import { until } from "../support/unit_process.ts";

Deno.test("a thread in a busy loop is given up in time and told of, and a fresh one does its work", async () => {
  await using society = await startSociety({
    CLUSTER_ISOLATION: "worker",
    INTENTS: "GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT",
  });
  const { sim, unit, post, command, state } = society;
  const identifies = sim.ledger.identifies.length;
  const guild = [...sim.world.guilds.values()].find(({ id }) => (BigInt(id) >> 22n) % 4n === 0n)!;
  const say = (content: string) =>
    sim.world.emit("MESSAGE_CREATE", guild.id, {
      id: sim.world.nextId(),
      guild_id: guild.id,
      channel_id: guild.channels[0]!.id,
      content,
    });
  const heard = (clusterId: number) => command({ clusterId }, { do: "heard" });
  say("heard by the first");
  await until(async () => (await heard(0)).length === 1, 10_000);

  const busy = assert.rejects(
    command({ clusterId: 0 }, { do: "busy" }, { timeout: 60_000 }),
    /cluster 0 is gone/,
  );
  const isBusy = () =>
    command({ clusterId: 0 }, { do: "who" }, { timeout: 200 }).then(
      () => false,
      (error) => /none within/.test(error),
    );
  await until(isBusy, 5_000, () => "the first is not busy");
  say("kept for the second");
  const startedMs = performance.now();
  await post("/clusters/0/kill?timeout=500");
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 500 && tookMs < 5000, `${tookMs} ms`);
  const { level, fields } = unit.lines.find(({ message }) =>
    message === "thread did not stop: it may still be busy"
  )!;
  assert.deepEqual([level, fields.clusterId, fields.deadlineMs], ["ERROR", 0, 500]);
  assert.equal((await state()).clusters[0].state, "stopped");
  await busy;
  await until(
    () => command({ clusterId: 0 }, { do: "who" }).then(() => false, (e) => /not linked/.test(e)),
    5_000,
    () => "its link is still up",
  );
  assert.equal((await command({ clusterId: 1 }, { do: "who" })).cluster, 1, "nobody else minds");

  await post("/clusters/0/spawn");
  await until(async () => (await state()).clusters[0].state === "connected", 15_000);
  assert.equal((await command({ clusterId: 0 }, { do: "who" })).cluster, 0);
  say("heard by the second");
  // The acknowledgement of the first may have been stuck behind the loop: then that comes again.
  const kept = ["kept for the second", "heard by the second"];
  const young = async () =>
    (await heard(0)).filter((content: string) => content !== "heard by the first");
  await until(async () => (await young()).length >= 2, 10_000, () => "its events do not come");
  assert.deepEqual(await young(), kept);
  assert.deepEqual(await heard(1), []);
  assert.equal(sim.ledger.identifies.length, identifies, "an identify was spent");
});
