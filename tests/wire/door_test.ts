/**
 * A real unit to which Discord POSTs, as the simulator does it: a bot gets it beside its gateway events, each once,
 * also where the unit is killed with `kill -9` as soon as it has answered.
 */

import assert from "node:assert/strict";
import { defineBot, type EventContext, serveEvents } from "../../mod.ts";
import { silentLog } from "../../ports/log.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit, until } from "../support/unit_process.ts";

const SECRET = "a-secret-of-the-two";

interface Came {
  readonly t: string;
  readonly d: {
    readonly id?: string;
    readonly n?: number;
    readonly gatehouse?: Record<string, string>;
  };
  readonly shardId: number;
}

Deno.test("what Discord POSTs comes once, with its shard, over kill -9 and a bot that is away", async () => {
  const shards = 4;
  const sim = createSimulator({ shards, maxConcurrency: shards, guilds: 12, recordEvents: true });
  const discord = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const botPort = freePort();
  const came: Came[] = [];
  const start = () =>
    startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_PUBLIC_KEY: sim.http.publicKey,
      LISTEN_PORT: "0",
      STATE_DIR: stateDir,
      EVENT_HANDLER_URL: `ws://127.0.0.1:${botPort}/`,
      EVENT_HANDLER_SECRET_KEY: SECRET,
      LOG_FORMAT: "json",
    });
  const note = (t: string) => (d: unknown, { shardId }: EventContext) =>
    void came.push({ t, d: d as Came["d"], shardId });
  const openBot = (unitUrl: string) =>
    serveEvents(
      { port: botPort, secretKey: SECRET, unitUrl, log: silentLog },
      defineBot({
        events: {
          async INTERACTION_CREATE(d: unknown, context: EventContext) {
            note("INTERACTION_CREATE")(d, context);
            const { id, token } = d as { id: string; token: string };
            const data = { content: "pong" };
            const { gatehouse } = d as Came["d"];
            if (gatehouse?.answered) return;
            await context.rest.post(`/interactions/${id}/${token}/callback`, { type: 4, data });
          },
          APPLICATION_AUTHORIZED: note("APPLICATION_AUTHORIZED"),
        },
      }),
    );
  let unit = await start();
  let bot = await openBot(await unit.url());
  try {
    await unit.ready();
    const door = async () => `${await unit.url()}/discord`;
    assert.equal((await sim.http.check(await door())).isFit, true);
    const guild = [...sim.world.guilds.values()].find(({ id }) => (BigInt(id) >> 22n) % 4n === 3n)!;
    const used = await sim.http.command(await door(), "ping", guild.id);
    assert.equal(used.status, 202);
    await until(() => came.length === 1, 5_000);
    assert.deepEqual([came[0]!.d.id, came[0]!.shardId], [used.id, 3]);
    assert.deepEqual(came[0]!.d.gatehouse, { via: "http", id: used.id, shard: "3/4" });
    const answered = () => sim.ledger.rest.filter(({ route }) => route.endsWith("/callback"));
    await until(() => answered().length === 1, 5_000);
    assert.equal(answered()[0]!.status, 204, "the bot gives the first response by itself");
    // It is away: a first response comes with the answer, and all waits, also over a kill.
    await bot.stop();
    await until(async () => (await fetch(`${await unit.url()}/readyz`)).status === 503, 10_000);
    const deferred = await sim.http.command(await door(), "ping", guild.id);
    assert.deepEqual([deferred.status, deferred.body], [200, { type: 5 }]);
    for (let n = 1; n <= 20; n++) {
      const { status } = await sim.http.webhookEvent(await door(), "APPLICATION_AUTHORIZED", { n });
      assert.equal(status, 204);
    }
    await unit.end("SIGKILL");
    unit = await start();
    bot = await openBot(await unit.url());
    await unit.ready();
    await until(() => came.length >= 22, 10_000, () => `${came.length} came`);
    assert.deepEqual(came.slice(1).map(({ t, d }) => d.n ?? [t, d.id, d.gatehouse!.answered]), [
      ["INTERACTION_CREATE", deferred.id, "deferred"],
      ...Array.from({ length: 20 }, (_, i) => i + 1),
    ]);
    await unit.end("SIGTERM");
    unit = await start();
    await unit.ready();
    await sim.http.webhookEvent(await door(), "APPLICATION_AUTHORIZED", { n: 21 });
    await until(() => came.at(-1)!.d.n === 21, 5_000);
    assert.equal(came.length, 23, "nothing comes twice");
    assert.deepEqual(sim.ledger.violations, []);
    assert.deepEqual(unit.lines.filter(({ level }) => level === "ERROR"), []);
  } finally {
    await unit.end("SIGTERM");
    await bot.stop();
    await discord.close();
    Deno.removeSync(stateDir, { recursive: true });
  }
});

/** A port that nobody has at this moment. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
