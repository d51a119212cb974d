/**
 * A unit that is killed with `kill -9` has its guilds again: a library that knows nothing gets them all,
 * without an identify at Discord.
 */

import assert from "node:assert/strict";
import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { sleep, systemClock } from "../../ports/clock.ts";
import { createSimulator, guildGoesDown, serveSimulator } from "../../sim/mod.ts";
import { startUnit, type UnitProcess, until } from "../support/unit_process.ts";

const SECRET = "what-the-library-takes-for-a-token";
const SHARDS = [0, 1];

interface Payload {
  readonly op: number;
  readonly t: string | null;
  readonly s: number | null;
  // deno-lint-ignore no-explicit-any -- what a gateway says
  readonly d: any;
}

/** A library that identifies as a shard, and acknowledges what it has got. */
async function consume(unit: UnitProcess, shardId: number) {
  const url = (await unit.url()).replace("http", "ws");
  const socket = new WebSocket(`${url}/gateway?v=10&encoding=json`);
  const got: Payload[] = [];
  const last = () => got.findLast(({ s }) => s !== null)?.s ?? null;
  const send = (op: number, d: unknown) => socket.send(JSON.stringify({ op, d }));
  socket.onmessage = ({ data }) => {
    const payload: Payload = JSON.parse(data);
    got.push(payload);
    if (payload.op === OP.HEARTBEAT) send(OP.HEARTBEAT, last());
    if (payload.op !== OP.HELLO) return;
    const shard = [shardId, SHARDS.length];
    send(OP.IDENTIFY, { token: SECRET, intents: ALL_INTENTS, shard, properties: {} });
  };
  return {
    got,
    guilds: () => {
      const names = new Map<string, string>();
      for (const { t, d } of got) {
        if (t === "GUILD_CREATE" || t === "GUILD_UPDATE") names.set(d.id, d.name);
        if (t === "GUILD_DELETE") names.delete(d.id);
      }
      return names;
    },
    acknowledge: () => send(OP.HEARTBEAT, last()),
    async close() {
      const closed = new Promise((resolve) => socket.onclose = resolve);
      // Its session is over: the next one begins anew.
      socket.close(1000);
      await closed;
    },
  };
}

Deno.test("after kill -9 a library gets every guild as it was, and no shard identifies", async () => {
  const sim = createSimulator({
    recordEvents: true,
    ringEvents: 20_000,
    shards: SHARDS.length,
    maxConcurrency: SHARDS.length,
    guilds: 10,
  });
  const discord = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const start = async (cache = "members") => {
    const unit = await startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      INTENTS: String(ALL_INTENTS),
      LISTEN_PORT: "0",
      REST_AUTHORIZATION: SECRET,
      STATE_DIR: stateDir,
      ...(cache && { CACHE: cache }),
    });
    await unit.ready();
    return unit;
  };
  const guilds = [...sim.world.guilds.values()];
  const names = new Map(guilds.map(({ id, name }) => [id, name]));
  const ofShard = (shardId: number) =>
    new Map([...names].filter(([id]) => Number(BigInt(id) >> 22n) % SHARDS.length === shardId));
  try {
    let unit = await start();
    for (let life = 0; life < 3; life++) {
      for (const shardId of SHARDS) {
        const library = await consume(unit, shardId);
        const wanted = ofShard(shardId);
        const problem = () =>
          `life ${life}: ${library.guilds().size} guilds of ${wanted.size}, ` +
          library.got.map(({ t, op }) => t ?? op).join(" ");
        await until(() => library.guilds().size === wanted.size, 10_000, problem);
        assert.deepEqual(library.guilds(), wanted, problem());
        // What changes while it listens is acknowledged, and what follows is not.
        for (const [id] of wanted) {
          names.set(id, `life ${life}`);
          sim.world.emit("GUILD_UPDATE", id, { id, name: `life ${life}` });
        }
        await until(
          () => library.got.filter(({ t }) => t === "GUILD_UPDATE").length >= wanted.size,
          5_000,
        );
        library.acknowledge();
        await until(() => library.got.some(({ op }) => op === OP.HEARTBEAT_ACK), 5_000);
        await library.close();
      }
      // What is acknowledged is written down: Discord will not say it again.
      await sleep(systemClock, 1_500);
      sim.traffic.burst(50);
      if (life === 1) {
        const guild = guilds[0]!;
        guildGoesDown(sim.world, guild);
        names.delete(guild.id);
      }
      assert.equal(await unit.end("SIGKILL"), 137);
      unit = await start();
    }
    assert.equal(sim.ledger.identifies.length, SHARDS.length, "nobody had to identify");
    assert.deepEqual(sim.ledger.violations, []);
    assert.deepEqual(unit.lines.filter(({ level }) => level === "ERROR"), []);
    await unit.end("SIGTERM");
    const folder = `${stateDir}/queue/of-${SHARDS.length}/guilds`;
    assert.equal([...Deno.readDirSync(folder)].length, SHARDS.length);
    unit = await start("");
    assert.deepEqual([...Deno.readDirSync(folder)], [], "who keeps none leaves none");
    await unit.end("SIGTERM");
  } finally {
    await discord.close();
    Deno.removeSync(stateDir, { recursive: true });
  }
});
