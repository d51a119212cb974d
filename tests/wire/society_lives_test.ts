/** Clusters that spawn, kill and restart others, and themselves. */

import assert from "node:assert/strict";
import { startSociety } from "../support/society.ts";
import { until } from "../support/unit_process.ts";

const BOT_MODULE = new URL("../support/ruling_bot.ts", import.meta.url).pathname;

async function startRuled() {
  const rig = await startSociety({ BOT_MODULE, STATS_INTERVAL_MS: "200" });
  const say = (data: object, id = 0) => rig.command({ clusterId: id }, data);
  const pid = async (id: number): Promise<number | null> =>
    await say({ verb: "who" }, id).then((who) => who.pid, () => null);
  const isYoung = (id: number, old: number | null) => async () => {
    const young = await pid(id);
    return young !== null && young !== old;
  };
  return { rig, say, pid, isYoung };
}

Deno.test("a cluster restarts another one, kills and spawns it, and asks for the figures", async () => {
  const { rig, say, pid, isYoung } = await startRuled();
  await using _ = rig;
  const old = await pid(1);
  await say({ verb: "restart", id: 1 });
  await until(isYoung(1, old), 10_000);
  await say({ verb: "kill", id: 1 });
  assert.equal(await pid(1), null);
  await say({ verb: "spawn", id: 1 });
  await until(isYoung(1, null), 10_000);
  await assert.rejects(say({ verb: "restart", id: 7 }), /Cannot reach cluster 7/);
  await until(async () => (await say({ verb: "stats" }))?.clusters[1]?.told === 1, 10_000);
});

Deno.test("a cluster restarts a service, and is told that there is no other", async () => {
  const { rig, say } = await startRuled();
  await using _ = rig;
  assert.equal(await rig.command({ service: "counter" }, { add: 2 }), 2);
  await say({ verb: "respawn", service: "counter" });
  const added = () => rig.command({ service: "counter" }, { add: 1 }).catch(() => null);
  await until(async () => await added() === 1, 10_000);
  await assert.rejects(say({ verb: "kill", service: "nobody" }), /Cannot reach service nobody/);
});

Deno.test("a cluster that restarts itself, or all, has no answer, and a successor", async () => {
  const { rig, say, pid, isYoung } = await startRuled();
  await using _ = rig;
  const old = [await pid(0), await pid(1)];
  await assert.rejects(say({ verb: "restart", id: 0 }), /gone|away|none within/);
  await until(isYoung(0, old[0]!), 10_000);
  const first = await pid(0);
  await assert.rejects(say({ verb: "restartAll" }), /gone|away|none within/);
  await until(isYoung(0, first), 20_000);
  await until(isYoung(1, old[1]!), 20_000);
});

Deno.test("a unit that stops warns of nobody who goes, and calls a service by its name", async () => {
  const rig = await startSociety();
  await rig[Symbol.asyncDispose]();
  const { lines } = rig.unit;
  const linked = lines.filter(({ message }) => /is linked$/.test(message));
  const whose = linked.map(({ message, fields }) =>
    `${message}: ${fields.service ?? fields.clusterId}`
  );
  assert.deepEqual(whose.toSorted(), [
    "cluster is linked: 0",
    "cluster is linked: 1",
    "service is linked: counter",
  ]);
  assert.deepEqual(lines.filter(({ message }) => /is away/.test(message)), []);
});
