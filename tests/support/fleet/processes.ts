/**
 * Discord, a NATS server and several units, as processes of their own.
 *
 * @module
 */

import { createSimulator, serveSimulator, type SimulatorOptions } from "../../../sim/mod.ts";
import { NATS_PROGRAMS, startNats } from "../nats_server.ts";
import { startUnit, type UnitProcess } from "../unit_process.ts";

/** The newest server that there is. */
const [program] = NATS_PROGRAMS.toSorted((x, y) => x.version < y.version ? 1 : -1);

/** `Deno.test`, or where there is no NATS server, its `ignore`, which says so. */
export const fleetTest = program ? Deno.test : Deno.test.ignore;

/** Starts units of these names, all with these settings, and waits until all are ready. */
export async function startFleet(
  names: readonly string[],
  settings: Record<string, string>,
  simulated: SimulatorOptions,
) {
  const nats = await startNats(program!);
  const sim = createSimulator(simulated);
  const discord = serveSimulator(sim);
  const dirs = new Map<string, string>();
  for (const name of names) dirs.set(name, await Deno.makeTempDir());
  const units = new Map<string, UnitProcess>();
  const start = async (name: string) => {
    const unit = await startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      LISTEN_PORT: "0",
      STATE_DIR: dirs.get(name)!,
      NATS_URL: nats.url,
      UNIT_NAME: name,
      TOTAL_WORKERS: "1",
      ...settings,
    });
    units.set(name, unit);
    return unit;
  };
  for (const name of names) await start(name);
  for (const unit of units.values()) await unit.ready(90_000);
  return {
    sim,
    nats,
    /** Those that live. */
    units,
    start,
    /** Ends one, for the others to find out. */
    async end(name: string, signal: "SIGTERM" | "SIGKILL") {
      const unit = units.get(name)!;
      units.delete(name);
      return await unit.end(signal);
    },
    /** What a unit's `/control` answers. */
    get: async (name: string, path: string) =>
      await (await units.get(name)!.control("GET", path)).json(),
    /** Sends a receptive command by way of a unit's `/control`. */
    async command(from: string, to: unknown, data: unknown, options: object = {}) {
      const url = `${await units.get(from)!.url()}/control/command`;
      const body = JSON.stringify({ to, data, receptive: true, timeout: 5_000, ...options });
      const answer = await (await fetch(url, { method: "POST", body })).json();
      if ("error" in answer) throw new Error(answer.error);
      return answer.answer;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...units.values()].map((unit) => unit.end("SIGKILL")));
      await discord.close();
      await nats[Symbol.asyncDispose]();
      for (const dir of dirs.values()) await Deno.remove(dir, { recursive: true });
    },
  };
}
