/** A module of the user's in a real shard worker, which may do as little as in production. */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { serveEvents } from "../../mod.ts";
import { silentLog } from "../../ports/log.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit, type UnitProcess, until } from "../support/unit_process.ts";

const DOOR = pathToFileURL("mod.ts").href;

/** A unit with a worker module, between a simulator and a remote cluster that keeps what it gets. */
async function startWith(source: string) {
  const sim = createSimulator({ guilds: 2, shards: 1 });
  const discord = serveSimulator(sim);
  const folder = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${folder}/worker.ts`, source);
  Deno.writeTextFileSync(`${folder}/name.ts`, `export const NAME = "shard ";`);
  const got: string[] = [];
  const bot = { wants: () => true, handle: ({ t }: { t: string }) => void got.push(t) };
  const events = await serveEvents({ port: 0, secretKey: "between-us", log: silentLog }, bot);
  const unit = await startUnit({
    DISCORD_TOKEN: sim.settings.token,
    DISCORD_API_URL: discord.apiUrl,
    INTENTS: String(0x331_ffff),
    LISTEN_PORT: "0",
    STATE_DIR: `${folder}/state`,
    TOTAL_WORKERS: "1",
    EVENT_HANDLER_URL: `ws://127.0.0.1:${events.port}`,
    EVENT_HANDLER_SECRET_KEY: "between-us",
    WORKER_MODULE: `${folder}/worker.ts`,
  });
  return {
    sim,
    got,
    unit,
    module: `${folder}/worker.ts`,
    async [Symbol.asyncDispose]() {
      await unit.end("SIGTERM").catch(() => {});
      await events.stop();
      await discord.close();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

/** Lines of a unit's log with this message. */
function linesOf(unit: UnitProcess, message: string) {
  return unit.lines.filter((line) => line.message === message);
}

Deno.test("WORKER_MODULE withholds events, and gives a shard its presence", async () => {
  await using rig = await startWith(`
    import { defineWorker } from ${JSON.stringify(DOOR)};
    import { NAME } from "./name.ts";
    export default defineWorker({
      makePresence: (shardId) => ({ status: "idle", activities: [{ name: NAME + shardId, type: 0 }] }),
      handleMessage: ({ t }) => t !== "TYPING_START",
    });
  `);
  const { sim, unit, got } = rig;
  await unit.ready();
  assert.deepEqual(sim.ledger.identifies.map(({ presence }) => presence), [
    { status: "idle", activities: [{ name: "shard 0", type: 0 }] },
  ]);
  sim.traffic.burst(20, "TYPING_START");
  sim.traffic.burst(1, "MESSAGE_CREATE");
  await until(() => got.includes("MESSAGE_CREATE"), 10_000, () => `it got ${got}`);
  assert.ok(!got.includes("TYPING_START"));
  const withheld = async () => await (await fetch(`${await unit.url()}/metrics`)).text();
  await until(
    async () => /gatehouse_events_withheld_total\{shard="0"\} 20/.test(await withheld()),
    5_000,
  );
});

Deno.test("a hook of WORKER_MODULE that throws is logged, and the event delivered", async () => {
  await using rig = await startWith(
    `export default { handleMessage({ t }) { if (t === "TYPING_START") throw new Error("bug"); } };`,
  );
  const { sim, unit, got } = rig;
  await unit.ready();
  sim.traffic.burst(1, "TYPING_START");
  await until(() => got.includes("TYPING_START"), 10_000, () => `it got ${got}`);
  const failed = () => linesOf(unit, "a hook of WORKER_MODULE failed");
  await until(() => failed().length > 0, 5_000);
  const { hook, error } = failed()[0]!.fields;
  assert.deepEqual([hook, error], ["handleMessage", "bug"]);
});

Deno.test("a WORKER_MODULE that cannot be used any more is named in the log, each time a worker dies of it", async () => {
  for (const [source, reason] of [["export default {};", /no hook/], ["throw 1;", /1/]] as const) {
    await using rig = await startWith("export default { handleMessage() {} };");
    const { sim, unit, module } = rig;
    await unit.ready();
    Deno.writeTextFileSync(module, source);
    await unit.control("POST", "/workers/0/restart");
    const lost = () => linesOf(unit, "worker was lost, its shards resume in a new one");
    await until(() => lost().length > 2, 20_000, () => unit.errors());
    assert.match(String(lost()[1]!.fields.reason), reason);
    assert.match(String(lost()[1]!.fields.reason), /WORKER_MODULE/);
    assert.equal(linesOf(unit, "worker met an error nobody caught").length, 0);
    assert.equal(sim.ledger.identifies.length, 1);
  }
});
