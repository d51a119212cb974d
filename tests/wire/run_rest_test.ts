/** The REST proxy by itself, as somebody starts it. */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startRest } from "../support/unit_process.ts";

Deno.test("gatehouse rest passes requests on, says where it listens, and ends with 0", async () => {
  const sim = createSimulator();
  const discord = serveSimulator(sim);
  const proxy = await startRest({ DISCORD_API_URL: discord.apiUrl, LISTEN_PORT: "0" });
  const url = await proxy.url();
  assert.equal((await fetch(`${new URL(url).origin}/healthz`)).status, 200);
  const answer = await fetch(`${url}/v10/users/@me`, {
    headers: { authorization: `Bot ${sim.settings.token}` },
  });
  assert.equal(answer.status, 200, await answer.text());
  assert.equal(await proxy.end("SIGTERM"), 0, proxy.errors());
  await discord.close();
});
