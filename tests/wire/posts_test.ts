/**
 * A real unit that POSTs its events to a real server, which is `examples/http_receiver.ts` with failures in front:
 * it goes away, is slow and ill, and the unit is killed with `kill -9` under it.
 */

import assert from "node:assert/strict";
import { createReceiver, type PostedEvent } from "../../examples/http_receiver.ts";
import { sleep, systemClock } from "../../ports/clock.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit, until } from "../support/unit_process.ts";

const SECRET = "a-secret-of-the-two";

/** A receiver at one port, which can be taken away and put back. */
function place() {
  const got: PostedEvent[] = [];
  let repeats = 0;
  const last = new Map<string, number>();
  const take = createReceiver(SECRET, (event) => {
    const shard = `${event.shardId}/${event.totalShards}`;
    if (event.cursor <= (last.get(shard) ?? 0)) repeats++;
    last.set(shard, event.cursor);
    got.push(event);
  });
  let before: () => Response | void | Promise<void> = () => {};
  const handle = async (request: Request) => {
    const early = await before();
    if (early) return early;
    return await take(request);
  };
  const open = (port: number) => Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, handle);
  let server = open(0);
  const { port } = server.addr;
  return {
    got,
    repeats: () => repeats,
    url: `http://127.0.0.1:${port}/events`,
    /** What each POST meets first. */
    meets(what: typeof before): void {
      before = what;
    },
    close: () => server.shutdown(),
    open(): void {
      server = open(port);
    },
  };
}

Deno.test("a receiver of POSTs gets each event once, in order, whatever becomes of it and of the unit", async () => {
  const shards = 2;
  const sim = createSimulator({
    recordEvents: true,
    ringEvents: 50_000,
    shards,
    maxConcurrency: shards,
    guilds: 8,
  });
  const discord = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const receiver = place();
  const start = () =>
    startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_PUBLIC_KEY: sim.http.publicKey,
      LISTEN_PORT: "0",
      STATE_DIR: stateDir,
      TOTAL_WORKERS: "2",
      INTENTS: "GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT",
      EVENT_HANDLER_URL: receiver.url,
      EVENT_HANDLER_SECRET_KEY: SECRET,
      LOG_FORMAT: "json",
    });
  let unit = await start();
  try {
    await unit.ready();
    sim.traffic.setRate(200);
    await sleep(systemClock, 1_000);
    // It is away, while the unit is killed.
    await receiver.close();
    await sleep(systemClock, 1_500);
    const notReady = await fetch(`${await unit.url()}/readyz`);
    assert.equal(notReady.status, 503, await notReady.text());
    await sleep(systemClock, 2_000);
    await unit.end("SIGKILL");
    receiver.open();
    unit = await start();
    await unit.ready();
    // It is ill, and slow.
    let posts = 0;
    receiver.meets(() => {
      posts++;
      if (posts % 4 === 0) return new Response("no database", { status: 500 });
      return posts % 3 === 0 ? sleep(systemClock, 300) : undefined;
    });
    await sleep(systemClock, 3_000);
    await unit.end("SIGKILL");
    receiver.meets(() => {});
    unit = await start();
    await unit.ready();
    await sleep(systemClock, 1_000);
    await unit.end("SIGTERM");
    unit = await start();
    await unit.ready();
    sim.traffic.setRate(0);
    const sent = (shardId: number) =>
      sim.ledger.events.filter((event) => event.shardId === shardId).map(({ t }) => t);
    const came = (shardId: number) =>
      receiver.got.filter((event) => event.shardId === shardId).map(({ payload, gap }) =>
        gap ? "GAP" : payload!.t
      );
    await until(() => [0, 1].every((id) => came(id).length >= sent(id).length), 20_000);
    for (const id of [0, 1]) assert.deepEqual(came(id), sent(id), `shard ${id}`);
    assert.equal(receiver.repeats(), 0);
    assert.ok(receiver.got.length > 500, `${receiver.got.length} events`);
    assert.equal(sim.ledger.identifies.length, shards, "an identify was spent");
    assert.deepEqual(sim.ledger.violations, []);
    const door = `${await unit.url()}/discord`;
    assert.equal((await sim.http.webhookEvent(door, "APPLICATION_AUTHORIZED", {})).status, 204);
    await until(() => receiver.got.at(-1)!.payload?.t === "APPLICATION_AUTHORIZED", 5_000);
    assert.equal(receiver.got.at(-1)!.totalShards, 0, "it is of no shard of Discord's");
    const { message, fields } = unit.lines.find((line) => line.message === "cluster is linked")!;
    assert.deepEqual([message, fields.clusterId], ["cluster is linked", 0]);
    for (const line of unit.lines) assert.ok(!JSON.stringify(line).includes(SECRET));
  } finally {
    await unit.end("SIGTERM");
    await receiver.close();
    await discord.close();
    Deno.removeSync(stateDir, { recursive: true });
  }
});
