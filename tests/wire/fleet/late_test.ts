/** What a unit has on its disk when it is killed: told to be missing, and brought late when its host is back. */

import assert from "node:assert/strict";
import { defineBot, serveEvents } from "../../../mod.ts";
import { sleep, systemClock } from "../../../ports/clock.ts";
import { silentLog } from "../../../ports/log.ts";
import { fleetTest, startFleet } from "../../support/fleet/processes.ts";
import { until } from "../../support/unit_process.ts";

const TOTAL = 4;

fleetTest(
  "what only the disk of a unit had that was killed comes late, once, by way of the unit that has its shards",
  async () => {
    const heard: string[] = [];
    let gaps = 0;
    const bot = defineBot({
      events: {
        MESSAGE_CREATE: ({ content }) => void heard.push(content ?? ""),
        GATEHOUSE_GAP: () => void gaps++,
      },
    });
    const serve = (port: number) =>
      serveEvents({ port, secretKey: "between-us", log: silentLog }, bot);
    let server = await serve(0);
    const { port } = server;
    await using fleet = await startFleet(["a", "b"], {
      EVENT_HANDLER_URL: `ws://127.0.0.1:${port}`,
      EVENT_HANDLER_SECRET_KEY: "between-us",
      INTENTS: "GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT",
    }, { shards: TOTAL, maxConcurrency: TOTAL, guilds: 8, ringEvents: 20_000 });
    const { sim, end, get, start } = fleet;
    const identifies = sim.ledger.identifies.length;
    const guilds = Array.from({ length: TOTAL }, (_, shardId) =>
      [...sim.world.guilds.values()]
        .find(({ id }) => Number((BigInt(id) >> 22n) % BigInt(TOTAL)) === shardId)!);
    let said = 0;
    const say = async (times: number) => {
      for (let n = 0; n < times; n++) {
        said++;
        for (const [shardId, { id, channels }] of guilds.entries()) {
          const place = { guild_id: id, channel_id: channels[0]!.id };
          const message = { id: sim.world.nextId(), ...place, content: `${shardId} ${said}` };
          sim.world.emit("MESSAGE_CREATE", id, message);
        }
        if (n % 50 === 0) await sleep(systemClock, 20);
      }
    };
    await say(20);
    await until(() => heard.length === TOTAL * said, 20_000);
    await server.stop();
    await say(1_500);
    const onDisk = async (name: string) => {
      const { shards } = await get(name, "/state");
      return shards.every(({ counters }: { counters: { queuedDiskBytes: number } }) =>
        counters.queuedDiskBytes > 100_000
      );
    };
    await until(async () => await onDisk("a") && await onDisk("b"), 30_000);
    // How far they have come is in the keys a second later.
    await sleep(systemClock, 2_500);
    await end("a", "SIGKILL");
    await until(async () => {
      const { fleet, shards } = await get("b", "/state");
      return fleet.unowned === 0 && shards.length === TOTAL &&
        shards.every(({ state }: { state: string }) => state === "ready");
    }, 60_000);
    server = await serve(port);
    await say(20);
    const missing = () => TOTAL * said - new Set(heard).size;
    await until(() => gaps >= 2, 30_000, () => `${gaps} gaps`);
    assert.ok(missing() > 2_000, `${missing()} are missing`);
    await start("a");
    await until(() => missing() === 0, 90_000, () => `${missing()} are still missing`);
    assert.equal(heard.length, new Set(heard).size, "nothing comes twice");
    assert.equal(sim.ledger.identifies.length, identifies, "an identify was spent");
    assert.deepEqual(sim.ledger.violations, []);
    await server.stop();
  },
);
