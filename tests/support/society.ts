/**
 * Discord, and a unit with two clusters and a service, as processes of their own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator, type SimulatorOptions } from "../../sim/mod.ts";
import { startUnit } from "./unit_process.ts";

const BOT = new URL("./society_bot.ts", import.meta.url).pathname;
const COUNTER = new URL("./counter_service.ts", import.meta.url).pathname;

/** Starts them; `society_bot.ts` says what the clusters do, `counter_service.ts` what the service. */
export async function startSociety(
  settings: Record<string, string> = {},
  simulated: SimulatorOptions = {},
) {
  const sim = createSimulator({ shards: 4, maxConcurrency: 4, guilds: 8, ...simulated });
  const discord = serveSimulator(sim);
  const stateDir = await Deno.makeTempDir();
  const unit = await startUnit({
    DISCORD_TOKEN: sim.settings.token,
    DISCORD_API_URL: discord.apiUrl,
    LISTEN_PORT: "0",
    STATE_DIR: stateDir,
    BOT_MODULE: BOT,
    TOTAL_CLUSTERS: "2",
    SERVICES: `counter=${COUNTER}`,
    ALLOW_FAULTS: "1",
    ...settings,
  });
  await unit.ready();
  const post = async (path: string, body?: unknown) => {
    const response = await fetch(`${await unit.url()}/control${path}`, {
      method: "POST",
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return await response.json();
  };
  const command = async (to: unknown, data: unknown, options: object = {}) => {
    const answer = await post("/command", { to, data, receptive: true, timeout: 5000, ...options });
    if ("error" in answer) throw new Error(answer.error);
    return answer.answer;
  };
  const state = async () => await (await unit.control("GET", "/state")).json();
  return {
    sim,
    unit,
    post,
    command,
    state,
    async [Symbol.asyncDispose]() {
      assert.equal(await unit.end("SIGTERM"), 0);
      await discord.close();
      await Deno.remove(stateDir, { recursive: true });
    },
  };
}
