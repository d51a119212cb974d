/** A remote cluster that dials its unit. */

import assert from "node:assert/strict";
import { connectEvents } from "../../clusters/inside/connect_events.ts";
import { defineBot } from "../../events.ts";
import { logTo } from "../../ports/log.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit, until } from "../support/unit_process.ts";

/** A port that is free now, and will be when a unit wants it again. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

Deno.test("connectEvents() dials its unit until it is there, gets each event once over a restart, and answers", async () => {
  const sim = createSimulator({ shards: 1, guilds: 2 });
  const discord = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const settings = {
    DISCORD_TOKEN: sim.settings.token,
    DISCORD_API_URL: discord.apiUrl,
    INTENTS: "GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT",
    LISTEN_PORT: String(freePort()),
    REST_AUTHORIZATION: "the-secret",
    STATE_DIR: stateDir,
  };
  const heard: string[] = [];
  const told: string[] = [];
  let hasShutDown = false;
  const bot = defineBot({
    events: {
      async MESSAGE_CREATE({ content, channel_id }, { rest }) {
        if (!content || content === "pong") return;
        heard.push(content);
        await rest.post(`/channels/${channel_id}/messages`, { content: "pong" });
      },
    },
    shutdown: () => void (hasShutDown = true),
  });
  const client = await connectEvents({
    unitUrl: `http://127.0.0.1:${settings.LISTEN_PORT}`,
    restAuthorization: settings.REST_AUTHORIZATION,
    log: logTo((_level, event) => told.push(event)),
  }, bot);
  await until(() => told.includes("event link is down"), 10_000, () => "it does not dial");

  let unit = await startUnit(settings);
  await unit.ready();
  const guild = [...sim.world.guilds.values()][0]!;
  const say = (content: string) =>
    sim.world.emit("MESSAGE_CREATE", guild.id, {
      id: sim.world.nextId(),
      guild_id: guild.id,
      channel_id: guild.channels[0]!.id,
      content,
      author: { id: "8", username: "somebody", discriminator: "0" },
    });
  say("first");
  await until(() => heard.length === 1, 10_000);
  assert.equal(await unit.end("SIGTERM"), 0);
  say("meanwhile");
  unit = await startUnit(settings);
  await unit.ready();
  say("last");
  await until(() => heard.length === 3, 20_000, () => heard.join());
  assert.deepEqual(heard, ["first", "meanwhile", "last"]);
  await until(() => sim.ledger.rest.filter(({ method }) => method === "POST").length === 3, 10_000);

  const stopped = client.stop();
  assert.equal(client.stop(), stopped);
  await stopped;
  assert.ok(hasShutDown);
  assert.equal(await unit.end("SIGTERM"), 0);
  assert.deepEqual(sim.ledger.violations, []);
  await discord.close();
  Deno.removeSync(stateDir, { recursive: true });
});

Deno.test("connectEvents() names every option that is wrong, and starts no bot", async () => {
  let hasStarted = false;
  const bot = defineBot({ events: {}, start: () => void (hasStarted = true) });
  const options = { unitUrl: "127.0.0.1:8787", clusterId: 1.5 };
  await assert.rejects(
    connectEvents(options, bot),
    /Cannot connect to the unit: .*unitUrl.*clusterId/,
  );
  assert.ok(!hasStarted);
});
