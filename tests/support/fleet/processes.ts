/**
 * Discord, a NATS server and several units, as processes of their own.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  createSimulator,
  serveSimulator,
  type Simulator,
  type SimulatorOptions,
} from "../../../sim/mod.ts";
import { NATS_PROGRAMS, startNats } from "../nats_server.ts";
import { startUnit, type UnitProcess, until } from "../unit_process.ts";

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
  const units = new Map<string, UnitProcess>();
  const start = async (name: string) => {
    if (!dirs.has(name)) dirs.set(name, await Deno.makeTempDir());
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
    /** Starts one more, or one that has ended again. */
    start,
    /** Resolves when, by what one unit knows, each of these has shards and no other, and all are at rest. */
    areWith: (name: string, living: readonly string[]) =>
      until(
        async () => {
          const { fleet } = await (await units.get(name)!.control("GET", "/state")).json();
          const having = (fleet.units as { unit: string; shards: number }[])
            .filter(({ shards }) => shards > 0).map(({ unit }) => unit);
          return fleet.unowned === 0 && fleet.moves === 0 && `${having.sort()}` === `${living}`;
        },
        60_000,
        () => `the shards are not with ${living}`,
      ),
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

/** Says something in a guild of each shard, again and again. */
export function talkTo({ world }: Pick<Simulator, "world">, total: number) {
  const shardOf = (id: string | bigint) => Number((BigInt(id) >> 22n) % BigInt(total));
  const guilds = Array.from(
    { length: total },
    (_, shardId) => [...world.guilds.values()].find(({ id }) => shardOf(id) === shardId)!,
  );
  let said = 0;
  const talk = setInterval(() => {
    said++;
    for (const [shardId, { id, channels }] of guilds.entries()) {
      const place = { guild_id: id, channel_id: channels[0]!.id };
      const content = `${shardId} ${said}`;
      world.emit("MESSAGE_CREATE", id, { id: world.nextId(), ...place, content });
    }
  }, 20);
  return {
    /** Resolves when some more has been said. */
    async goOn() {
      const before = said;
      await until(() => said > before + 100, 20_000);
    },
    /** Says no more. Resolves when all was heard, of each shard in order and once. */
    async wasHeard(heard: () => readonly string[] | Promise<readonly string[]>) {
      clearInterval(talk);
      const all = total * said;
      const isAll = async () => (await heard()).length >= all;
      await until(isAll, 30_000, () => `not all of ${all} messages came`);
      const came = await heard();
      for (let shardId = 0; shardId < total; shardId++) {
        const own = came.filter((content) => content.startsWith(`${shardId} `));
        assert.deepEqual(own, Array.from({ length: said }, (_, i) => `${shardId} ${i + 1}`));
      }
    },
  };
}
