/** Two units and a real server: one is killed; the event stream has what Discord sent, each event once. */

import assert from "node:assert/strict";
import { loadJetStream } from "../../../deps.ts";
import { dialNats } from "../../../ports/nats/dial.ts";
import { createSimulator, serveSimulator } from "../../../sim/mod.ts";
import { NATS_PROGRAMS, ofEachNats, startNats, until } from "../../support/nats_server.ts";
import { startUnit, type UnitProcess } from "../../support/unit_process.ts";
import { settingsFor } from "./lines.ts";

const { jetstreamManager } = await loadJetStream();
const SHARDS = 4;
const US = { name: "reader", inbox: "inbox" };

/** `s` of each event in the stream, by shard. */
async function read(url: string): Promise<Map<number, number[]>> {
  const connection = await dialNats(settingsFor(url), url, US);
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  const seen = new Map<number, number[]>();
  const [name] = (await streams.names().next()).filter((each) => each.endsWith("_events"));
  const { state } = await streams.info(name!);
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = (await streams.getMessage(name!, { seq }))!;
    const shardId = Number(message.subject.split(".").at(-2));
    const items = message.json<{ event?: { t: string; s: number } }[]>();
    const events = items.flatMap(({ event }) => event && event.t !== "RESUMED" ? [event.s] : []);
    seen.set(shardId, [...seen.get(shardId) ?? [], ...events]);
  }
  await connection.close();
  return seen;
}

const ready = (unit: UnitProcess) =>
  unit.lines.filter(({ message }) => message === "shard is ready").length;

ofEachNats("the event stream of a fleet on NATS", (program, title) => {
  // It takes most of a minute: with the newest only.
  if (program !== NATS_PROGRAMS.at(-1)) return;
  Deno.test(`${title} has each event once when a unit is killed`, async () => {
    const sim = createSimulator({
      shards: SHARDS,
      maxConcurrency: 4,
      guilds: 8,
      recordEvents: true,
    });
    const discord = serveSimulator(sim);
    await using server = await startNats(program);
    const dir = await Deno.makeTempDir({ prefix: "gatehouse-stream-" });
    const start = (name: string) =>
      startUnit({
        DISCORD_TOKEN: sim.settings.token,
        DISCORD_API_URL: discord.apiUrl,
        TOTAL_SHARDS: `${SHARDS}`,
        INTENTS: "GUILDS,GUILD_MESSAGES",
        SPAWN_SHARD_DELAY_MS: "100",
        LISTEN_PORT: "0",
        BOT_MODULE: "tests/support/ruling_bot.ts",
        STATE_DIR: `${dir}/${name}`,
        NATS_URL: server.url,
        NATS_EVENTS: "stream",
        UNIT_NAME: name,
        LOG_FORMAT: "json",
      });
    const [a, b] = await Promise.all([start("a"), start("b")]);
    const why = () => [a, b].map((unit) => unit.errors() + JSON.stringify(unit.lines)).join("\n");
    await until(() => ready(a) + ready(b) === SHARDS, why, 60_000);
    const [lives, dies] = ready(a) === 0 ? [b, a] : [a, b];
    assert.equal(ready(lives), SHARDS / 2);
    sim.traffic.setRate(200);
    await until(() => sim.ledger.events.length > 1_000, why, 30_000);
    await dies.end("SIGKILL");
    await until(() => ready(lives) === SHARDS, why, 60_000);
    const before = sim.ledger.events.length;
    await until(() => sim.ledger.events.length > before + 400, why, 30_000);
    sim.traffic.setRate(0);
    const sentOf = (id: number) =>
      sim.ledger.events.filter(({ shardId, t }) => shardId === id && t !== "RESUMED")
        .map(({ s }) => s!);
    await until(
      async () => {
        const seen = await read(server.url);
        return [...seen].every(([id, events]) => events.at(-1) === sentOf(id).at(-1));
      },
      why,
      20_000,
    );
    const seen = await read(server.url);
    assert.equal(seen.size, SHARDS);
    for (const [id, events] of seen) {
      assert.deepEqual(events, sentOf(id).filter((s) => s >= events[0]!), `shard ${id}`);
      assert.ok(events.length > 300);
    }
    assert.equal(sim.ledger.identifies.length, SHARDS);
    assert.equal(sim.ledger.violations.length, 0);
    await lives.end("SIGTERM");
    await discord.close();
    await Deno.remove(dir, { recursive: true });
  });
});
