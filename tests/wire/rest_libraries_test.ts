/** Libraries that know Discord and not a line of ours, with nothing changed but their base URL. */

import assert from "node:assert/strict";
import { createRestManager } from "@discordeno/rest";
import { REST } from "@discordjs/rest";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startRest, startUnit, type UnitProcess, until } from "../support/unit_process.ts";

const SECRET = "what-libraries-take-for-a-token";

/** A Discord, and the proxy that `start` starts in front of it. */
async function setUp(start: typeof startRest, settings: Record<string, string> = {}) {
  const sim = createSimulator({ guilds: 5 });
  const discord = serveSimulator(sim);
  const proxy = await start({
    DISCORD_TOKEN: sim.settings.token,
    DISCORD_API_URL: discord.apiUrl,
    LISTEN_PORT: "0",
    REST_AUTHORIZATION: SECRET,
    ...settings,
  });
  const channels = [...sim.world.guilds.values()].map(({ channels }) => channels[0]!.id);
  const refused = () => sim.ledger.rest.filter(({ status }) => status === 429);
  return {
    sim,
    proxy,
    channels,
    refused,
    api: `${new URL(await proxy.url()).origin}/api`,
    async [Symbol.asyncDispose]() {
      assert.equal(await proxy.end("SIGTERM"), 0);
      await discord.close();
    },
  };
}

/** Twice what fits, to two channels at once. */
const POSTS = Array.from({ length: 14 }, (_, i) => i);

Deno.test("plain fetch posts through the proxy, in order and without a 429", async () => {
  await using rig = await setUp(startRest);
  const { api, channels, sim, refused } = rig;
  const posted = POSTS.map(async (i) => {
    const response = await fetch(`${api}/v10/channels/${channels[i % 2]}/messages`, {
      method: "POST",
      headers: { authorization: `Bot ${SECRET}`, "content-type": "application/json" },
      body: JSON.stringify({ content: `${i}` }),
    });
    assert.equal(response.status, 200);
    assert.equal((await response.json()).content, `${i}`);
    assert.equal(response.headers.get("x-ratelimit-limit"), "5");
  });
  await Promise.all(posted);
  assert.deepEqual(refused(), []);
  assert.deepEqual(sim.ledger.violations, []);
});

Deno.test("@discordjs/rest posts, uploads and reads errors through the proxy", async () => {
  await using rig = await setUp(startRest);
  const { api, channels, refused } = rig;
  const rest = new REST({ api, version: "10" }).setToken(SECRET);
  try {
    const post = (i: number, extra = {}) =>
      rest.post(`/channels/${channels[i % 2]}/messages`, { body: { content: `${i}` }, ...extra });
    await Promise.all(POSTS.map((i) => post(i)));
    const files = [{ name: "big.bin", data: new Uint8Array(200_000) as never }];
    const uploaded = await post(0, { files }) as { attachments: { size: number }[] };
    assert.equal(uploaded.attachments[0]!.size, 200_000);
    const reacted = await rest.post(`/channels/${channels[0]}/messages`, {
      body: { content: "x" },
    });
    const { id } = reacted as { id: string };
    await rest.put(`/channels/${channels[0]}/messages/${id}/reactions/%F0%9F%94%A5/@me`);
    await assert.rejects(
      () => rest.get("/channels/1"),
      (error: { code?: number; status?: number }) => error.code === 10003 && error.status === 404,
    );
    assert.deepEqual(refused(), []);
  } finally {
    rest.clearHashSweeper();
    rest.clearHandlerSweeper();
  }
});

Deno.test("@discordeno/rest in proxy mode posts, edits and reads errors through the proxy", async () => {
  await using rig = await setUp(startRest);
  const { api, channels, refused } = rig;
  const rest = createRestManager({
    token: "MTIz.not-the-token.abc",
    proxy: { baseUrl: api, authorization: `Bot ${SECRET}` },
  });
  const sent = await Promise.all(
    POSTS.map((i) => rest.sendMessage(channels[i % 2]!, { content: `${i}` })),
  );
  assert.deepEqual(sent.map(({ content }) => content), POSTS.map(String));
  const edited = await rest.editMessage(channels[0]!, sent[0]!.id, { content: "edited" });
  assert.equal(edited.content, "edited");
  await rest.addReaction(channels[0]!, sent[0]!.id, "🔥");
  await assert.rejects(() => rest.getChannel("1"));
  assert.deepEqual(refused(), []);
});

Deno.test("the unit's own proxy serves the same, and tells of it at /metrics", async () => {
  const stateDir = await Deno.makeTempDir();
  {
    await using rig = await setUp(startUnit, { STATE_DIR: stateDir });
    const { api, channels, proxy } = rig;
    await proxy.ready();
    const rest = new REST({ api, version: "10" }).setToken(SECRET);
    await rest.post(`/channels/${channels[0]}/messages`, { body: { content: "x" } });
    rest.clearHashSweeper();
    rest.clearHandlerSweeper();
    const metrics = await (await fetch(new URL("/metrics", api), {
      headers: { authorization: SECRET },
    })).text();
    const labels = 'method="POST",route="/channels/:id/messages"';
    assert.ok(
      metrics.includes(
        `gatehouse_rest_requests_total{${labels},status="200",scope="",by="discord"} 1`,
      ),
    );
    const state = await (await fetch(new URL("/control/state", api), {
      headers: { authorization: SECRET },
    })).json();
    assert.equal(state.rest.fuse, "closed");
  }
  await Deno.remove(stateDir, { recursive: true });
});

Deno.test("several bots share a proxy that has no token, each with its own credential", async () => {
  const sim = createSimulator({ guilds: 1 });
  const discord = serveSimulator(sim);
  const proxy = await startRest({ DISCORD_API_URL: discord.apiUrl, LISTEN_PORT: "0" });
  const whoAmI = (authorization: string) => ask(proxy, { authorization });
  assert.equal((await whoAmI(`Bot ${sim.settings.token}`)).status, 200);
  assert.equal((await whoAmI("Bearer sim-bearer")).status, 200);
  assert.equal((await whoAmI("Bot another")).status, 401);
  assert.equal((await whoAmI(`Bot ${sim.settings.token}`)).status, 200);
  assert.equal(await proxy.end("SIGTERM"), 0);
  await discord.close();
});

Deno.test("with a secret, a bot of its own has to show it beside its credential", async () => {
  await using rig = await setUp(startRest);
  const authorization = `Bot ${rig.sim.settings.token}`;
  assert.equal((await ask(rig.proxy, { authorization })).status, 401);
  const shown = { authorization, "x-gatehouse-authorization": SECRET };
  assert.equal((await ask(rig.proxy, shown)).status, 200);
  assert.equal((await ask(rig.proxy, { ...shown, "x-gatehouse-authorization": "x" })).status, 401);
});

Deno.test("settings that are wrong stop a proxy with all of them named, and no setting at all means the simulator", async () => {
  const wrong = await startRest({ LISTEN_PORT: "many", REST_WAIT_MS: "-1" });
  assert.equal(await wrong.exited, 1);
  assert.match(wrong.errors(), /REST_WAIT_MS: expected .*\n.*LISTEN_PORT: expected/);
  const proxy = await startRest({ LISTEN_PORT: "" });
  await until(() => proxy.lines.some(({ message }) => message === "listening"), 20_000);
  assert.ok(proxy.lines.some(({ message }) => message.includes("embedded simulator")));
  assert.equal((await ask(proxy, { authorization: "Bot anything" })).status, 200);
  assert.equal(await proxy.end("SIGTERM"), 0);
});

async function ask(proxy: UnitProcess, headers: Record<string, string>) {
  const response = await fetch(`${new URL(await proxy.url()).origin}/api/v10/users/@me`, {
    headers,
  });
  await response.body?.cancel();
  return response;
}
