/** What `gatehouse doctor` asks of Discord, and what it costs. */

import assert from "node:assert/strict";
import { gatherDiscord } from "../../../app/doctor/gather/discord.ts";
import { type Config, CONFIG_DEFAULTS } from "../../../config/config.ts";
import type { GatewayInfo } from "../../../gateway/gateway_info.ts";
import { systemClock } from "../../../ports/clock.ts";
import { systemRandom } from "../../../ports/random.ts";
import { webSocketConnect } from "../../../ports/websocket/client.ts";
import { APPLICATION_FLAGS } from "../../../protocol/discord/intents.ts";
import { createSimulator, serveSimulator, type SimOptions } from "../../../sim/mod.ts";

const WORLD = { clock: systemClock, random: systemRandom, connect: webSocketConnect() };

async function ask(options: SimOptions, config: Partial<Config> = {}) {
  const sim = createSimulator(options);
  const server = serveSimulator(sim);
  const set = { discordApiUrl: server.apiUrl, discordToken: sim.settings.token, ...config };
  try {
    return { facts: await gatherDiscord({ ...CONFIG_DEFAULTS, ...set }, WORLD), ...sim };
  } finally {
    await server.close();
  }
}

Deno.test("Discord is asked three things, and greets; no identify is spent, no rule broken", async () => {
  const { facts, world, ledger } = await ask({
    shards: 3,
    guilds: 30,
    guildsOutside: 5,
    privilegedIntents: 1 << 15,
    startLimit: { remaining: 7 },
  });
  assert.deepEqual(facts.user, { is: { id: world.user.id, name: world.user.username } });
  const flags = APPLICATION_FLAGS.MESSAGE_CONTENT.full;
  const publicKey = "5a".repeat(32);
  assert.deepEqual(facts.application, {
    is: { flags, guilds: 30, publicKey, interactionsUrl: null },
  });
  const { shards, sessionStartLimit } = (facts.gateway as { is: GatewayInfo }).is;
  assert.deepEqual([shards, sessionStartLimit.remaining], [3, 7]);
  assert.ok(Math.abs(facts.aheadMs!) < 5_000);
  assert.ok("is" in facts.hello! && facts.hello.is.compression === "zlib-stream");
  assert.deepEqual(
    ledger.rest.map(({ route }) => route).toSorted(),
    ["/applications/@me", "/gateway/bot", "/users/@me"],
  );
  assert.deepEqual([ledger.connections.length, ledger.sends.length], [1, 0]);
  assert.deepEqual([...ledger.identifies, ...ledger.violations], []);
});

Deno.test("a token that Discord does not know is asked for once, and no more", async () => {
  const { facts, ledger } = await ask({}, { discordToken: "not.the.token" });
  const { status, isOurs } = facts.user as { status: number; isOurs: boolean };
  assert.deepEqual([status, isOurs], [401, false]);
  assert.deepEqual([facts.application, facts.gateway, facts.hello], [null, null, null]);
  assert.equal(ledger.rest.length, 1);
});

Deno.test("a Discord that is not there has said nothing", async () => {
  const { facts } = await ask({}, { discordApiUrl: "http://127.0.0.1:9/api" });
  const { failed, isOurs } = facts.user as { failed: string; isOurs: boolean };
  assert.equal(isOurs, true);
  assert.match(failed, /refused/i);
});
