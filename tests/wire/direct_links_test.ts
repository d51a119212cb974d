/** Clusters that the unit starts get their events straight from its workers, whatever becomes of those. */

import assert from "node:assert/strict";
import { startSociety } from "../support/society.ts";
import { until } from "../support/unit_process.ts";

Deno.test("workers that throw, end and hang under load cost a built-in cluster no event, and none comes twice", async () => {
  await using society = await startSociety(
    { INTENTS: "GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT", TOTAL_WORKERS: "4" },
    { ringEvents: 20_000 },
  );
  const { sim, unit, command, post, state } = society;
  const identifies = sim.ledger.identifies.length;
  const guildOf = (shardId: number) =>
    [...sim.world.guilds.values()].find(({ id }) => Number((BigInt(id) >> 22n) % 4n) === shardId)!;
  const guilds = [0, 1, 2, 3].map(guildOf);
  let said = 0;
  /** The next message in a guild of each shard. */
  const say = () => {
    said++;
    for (const [shardId, { id, channels }] of guilds.entries()) {
      const content = `${shardId} ${said}`;
      const message = {
        id: sim.world.nextId(),
        guild_id: id,
        channel_id: channels[0]!.id,
        content,
      };
      sim.world.emit("MESSAGE_CREATE", id, message);
    }
  };
  const talk = setInterval(say, 10);
  await until(() => said > 100, 10_000);
  for (const [worker, how] of [[0, "throw"], [1, "exit"], [2, "hang"]] as const) {
    assert.deepEqual(await post(`/workers/${worker}/crash?how=${how}`), { ok: true });
  }
  const restarts = async () =>
    (await state()).workers.map((worker: { restarts: number }) => worker.restarts);
  await until(async () => `${await restarts()}` === "1,1,1,0", 30_000, () => unit.errors());
  await unit.ready();
  const before = said;
  await until(() => said > before + 100, 10_000);
  clearInterval(talk);

  const heard = async () =>
    (await Promise.all([0, 1].map((clusterId) => command({ clusterId }, { do: "heard" }))))
      .flat() as string[];
  await until(
    async () => (await heard()).length >= 4 * said,
    20_000,
    () => `not all of ${said} messages of each shard came`,
  );
  for (const shardId of [0, 1, 2, 3]) {
    const own = (await heard()).filter((content) => content.startsWith(`${shardId} `));
    assert.deepEqual(own, Array.from({ length: said }, (_, i) => `${shardId} ${i + 1}`));
  }
  const dialled = unit.lines.filter(({ message }) => message === "event link is up")
    .flatMap(({ fields }) => fields.worker === undefined ? [] : [fields.worker as number]);
  assert.deepEqual(dialled.sort(), [0, 0, 1, 1, 2, 2, 3], "each worker and each successor dials");
  assert.equal(sim.ledger.identifies.length, identifies, "an identify was spent");
  assert.deepEqual(sim.ledger.violations, []);
});
