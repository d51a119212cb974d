/**
 * A library that does not read the guilds that its session begins with, on a real socket: it costs a piece
 * of them, and goes on in their midst in the next life of a unit that was killed.
 */

import assert from "node:assert/strict";
import { webSocketConnect } from "../../ports/websocket/client.ts";
import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit, type UnitProcess, until } from "../support/unit_process.ts";

const SECRET = "what-the-library-takes-for-a-token";
const GUILDS = 800;
const MEGABYTE = 1024 * 1024;

/** A library that keeps numbers and ids of what it reads; it identifies, or resumes where it was. */
async function library(unit: UnitProcess, before?: { sessionId: string; s: number }) {
  const seen = { sessionId: before?.sessionId ?? "", s: before?.s ?? 0 };
  const guilds: string[] = [];
  const others: string[] = [];
  let bytes = 0;
  const url = `${(await unit.url()).replace("http", "ws")}/gateway?v=10&encoding=json`;
  const send = (op: number, d: unknown) => socket.send(JSON.stringify({ op, d }));
  const socket = webSocketConnect()(url, {
    open() {},
    message(data) {
      bytes += data.length;
      const { op, t, s, d } = JSON.parse(new TextDecoder().decode(data));
      if (op === OP.HEARTBEAT) send(OP.HEARTBEAT, seen.s);
      if (op === OP.HELLO && before) {
        send(OP.RESUME, { token: SECRET, session_id: seen.sessionId, seq: seen.s });
      } else if (op === OP.HELLO) {
        send(OP.IDENTIFY, { token: SECRET, intents: ALL_INTENTS, shard: [0, 1], properties: {} });
      }
      if (op !== OP.DISPATCH) return;
      seen.s = s;
      if (t === "READY") seen.sessionId = d.session_id;
      if (t === "GUILD_CREATE") guilds.push(d.id);
      else others.push(t);
    },
    closed: (code, reason) => others.push(`closed ${code} ${reason}`),
    failed: (reason) => others.push(reason),
  });
  return {
    seen,
    guilds,
    others,
    bytes: () => bytes,
    pause: (isPaused: boolean) => socket.pause(isPaused),
    acknowledge: () => send(OP.HEARTBEAT, seen.s),
    leave: () => socket.close(1000, ""),
    end: () => socket.destroy(),
  };
}

/** Whether all guilds of shard 0 are in a file. */
function isKept(stateDir: string): boolean {
  return [...Deno.readDirSync(`${stateDir}/queue/of-1/guilds/0`)]
    .some(({ name }) => name.endsWith(".guilds"));
}

/** Memory of the unit's process, as its newest statistics have it. */
async function residentBytes(unit: UnitProcess): Promise<number> {
  const headers = { authorization: SECRET };
  const stats = await fetch(`${await unit.url()}/control/stats`, { headers });
  return (await stats.json()).manager.memory.rss;
}

Deno.test("a library that does not read its guilds costs little, and resumes among them after kill -9", async () => {
  const sim = createSimulator({ guilds: GUILDS, channelsPerGuild: 200, recordEvents: true });
  const discord = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const start = async () => {
    const unit = await startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      INTENTS: String(ALL_INTENTS),
      LISTEN_PORT: "0",
      REST_AUTHORIZATION: SECRET,
      STATE_DIR: stateDir,
      CACHE: "members",
      // All guilds come at once, and nobody is there yet who takes them.
      STATS_INTERVAL_MS: "500",
      QUEUE_MEMORY_BYTES: String(1024 * MEGABYTE),
    });
    await unit.ready(60_000);
    return unit;
  };
  let unit = await start();
  try {
    const first = await library(unit);
    await until(() => first.guilds.length === GUILDS, 60_000, () => `${first.guilds.length}`);
    assert.ok(first.bytes() > 40 * MEGABYTE, `${first.bytes()} bytes of guilds`);
    first.acknowledge();
    first.leave();
    await until(() => first.others.some((each) => each.startsWith("closed")), 5_000);
    const all = await library(unit);
    await until(() => all.guilds.length === GUILDS, 60_000, () => `${all.guilds.length} again`);
    assert.deepEqual(all.others, ["READY"]);
    all.leave();
    await until(() => all.others.length > 1, 5_000);

    // What the next life knows of them.
    await until(() => isKept(stateDir), 20_000);
    const before = await residentBytes(unit);
    const slow = await library(unit);
    await until(() => slow.guilds.length >= 3, 20_000);
    slow.pause(true);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const grown = await residentBytes(unit) - before;
    assert.ok(grown < 25 * MEGABYTE, `${grown / MEGABYTE} MiB for a library that does not read`);
    assert.ok(slow.guilds.length < GUILDS);
    slow.end();
    assert.equal(await unit.end("SIGKILL"), 137);

    unit = await start();
    const back = await library(unit, slow.seen);
    await until(() => back.others.includes("RESUMED"), 60_000, () => back.others.join());
    assert.deepEqual([...slow.guilds, ...back.guilds], all.guilds, "a guild is missing, or twice");
    const [guildId] = sim.world.guilds.keys();
    sim.world.emit("TYPING_START", guildId!, { guild_id: guildId, channel_id: "1", user_id: "1" });
    await until(() => back.others.includes("TYPING_START"), 5_000);
    assert.ok(back.seen.s > 1 + GUILDS);
    assert.equal(sim.ledger.identifies.length, 1);
    back.end();
  } finally {
    await unit.end("SIGTERM");
    await discord.close();
    Deno.removeSync(stateDir, { recursive: true });
  }
});
