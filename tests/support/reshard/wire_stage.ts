/**
 * A unit in a process of its own with real workers, resharding under load; its bot, in another one, says what it
 * gets.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sleep, systemClock } from "../../../ports/clock.ts";
import { ALL_INTENTS } from "../../../protocol/discord/intents.ts";
import { LOT_PHASES, type LotPhase, type ReshardSnapshot } from "../../../protocol/reshard.ts";
import { createSimulator, serveSimulator, type SimulatorOptions } from "../../../sim/mod.ts";
import { eachLine, startUnit, type UnitProcess, until } from "../unit_process.ts";
import { startBustle } from "./bustle.ts";
import { type Allowances, judge, type Numbered, numbersIn } from "./judge.ts";

/** What a stage is made with. */
export interface WireStageOptions {
  readonly shards: number;
  readonly eventsPerSecond?: number;
  readonly sim?: SimulatorOptions;
  readonly settings?: Record<string, string>;
  readonly seed?: number;
}

const SECRET = "between-us";
const NOTING_BOT = new URL("./noting_bot.ts", import.meta.url).pathname;

/** A unit that runs, its bot and its Discord. */
export type WireStage = Awaited<ReturnType<typeof startWireStage>>;

/** Starts all three, and waits until every shard is ready. */
export async function startWireStage(options: WireStageOptions) {
  const { shards, eventsPerSecond = 500, seed = 1 } = options;
  const sim = createSimulator({
    seed,
    shards,
    maxConcurrency: 16,
    guilds: 100,
    guildsOutside: 20,
    ringEvents: 50_000,
    recordEvents: true,
    ...options.sim,
  });
  const discord = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const lives: Numbered[][] = [];
  /** Shard → the session whose READY the bot got last. */
  const sessions = new Map<number, string>();
  const port = freePort();
  let bot = await startBot();

  async function startBot() {
    const came: Numbered[] = [];
    lives.push(came);
    const args = ["run", "--allow-net=127.0.0.1", "--allow-env", "--allow-read", NOTING_BOT];
    const command = new Deno.Command(Deno.execPath(), {
      args: [...args, String(port), SECRET],
      stdout: "piped",
    });
    const child = command.spawn();
    const listening = Promise.withResolvers<void>();
    const reading = eachLine(child.stdout, (line) => {
      if (line === "listening") return listening.resolve();
      const [shardId, s, began] = line.split(" ");
      if (began !== undefined) sessions.set(Number(shardId), began);
      came.push({ sessionId: sessions.get(Number(shardId))!, s: Number(s) });
    });
    const ended = reading.then(() => Promise.reject(new Error("the bot has ended")));
    await Promise.race([listening.promise, ended]);
    ended.catch(() => {});
    return {
      async kill() {
        child.kill("SIGKILL");
        await child.status;
        await reading;
      },
    };
  }

  const start = (): Promise<UnitProcess> =>
    startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      INTENTS: String(ALL_INTENTS),
      LISTEN_PORT: "0",
      STATE_DIR: stateDir,
      ALLOW_FAULTS: "1",
      TOTAL_WORKERS: "2",
      EVENT_HANDLER_URL: `ws://127.0.0.1:${port}`,
      EVENT_HANDLER_SECRET_KEY: SECRET,
      ...options.settings,
    });

  let unit = await start();
  await unit.ready();
  const stopBustle = startBustle(sim, eventsPerSecond, seed);

  const state = async () => await (await unit.control("GET", "/state")).json();
  const stage = {
    sim,
    lives,
    get unit() {
      return unit;
    },
    state,
    /** `POST /control/reshard`, and how it stands then. */
    async reshard(totalShards: number): Promise<Response> {
      const body = JSON.stringify({ totalShards });
      return await fetch(`${await unit.url()}/control/reshard`, { method: "POST", body });
    },
    /** Waits until some lot is in this phase, or in a later one. */
    async until(phase: LotPhase, limitMs = 60_000): Promise<void> {
      const at = LOT_PHASES.indexOf(phase);
      await until(async () => {
        const { reshard, totalShards } = await state();
        if (reshard === null) return totalShards !== shards;
        return (reshard as ReshardSnapshot).lots.some((lot) => LOT_PHASES.indexOf(lot.phase) >= at);
      }, limitMs);
    },
    /** Waits until this total serves. */
    async serves(total: number, limitMs = 120_000): Promise<void> {
      let last = "";
      await until(
        async () => {
          const now = await state();
          last = JSON.stringify(now.reshard);
          return now.totalShards === total && now.shards.length === total &&
            now.shards.every((shard: { role: string }) => shard.role === "serves");
        },
        limitMs,
        () => `it does not serve ${total}: ${last} ${unit.errors()}`,
      );
    },
    /** Connections that are open now, by their numbers. */
    open: (): ReadonlySet<number> =>
      new Set([...sim.gateway.connections].map(({ entry }) => entry.id)),
    /** Ends the unit; the next one goes on from its state. */
    async restart(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
      await unit.end(signal);
      unit = await start();
      await unit.url();
    },
    /** SIGKILL for the bot; another process takes its place. */
    async killBot(awayMs: number): Promise<void> {
      await bot.kill();
      await sleep(systemClock, awayMs);
      bot = await startBot();
    },
    /** People go to bed, and all is judged. */
    async judged(allowances: Allowances = {}, read: () => void = () => {}) {
      await sleep(systemClock, 2_000);
      stopBustle();
      const look = () => {
        read();
        return judge(sim.ledger, lives.map((came) => numbersIn(sim.ledger, came)), allowances);
      };
      await until(() => look().lost.length === 0, 20_000).catch(() => {});
      await sleep(systemClock, 1_000);
      return look();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      stopBustle();
      await unit.end("SIGTERM");
      await bot.kill();
      await discord.close();
      Deno.removeSync(stateDir, { recursive: true });
    },
  };
  return stage;
}

/** A port that nobody has now. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/**
 * The bot got every event once, in order per guild; Discord has `total` sessions, and saw these identifies.
 *
 * @param read Puts what the bot got where it is judged, each time that it is looked at.
 * @param broken Connections that were open when whoever had them was killed. An old shard whose last one that is
 * has left its session to Discord, which ends it in time.
 */
export async function assertWhole(
  stage: WireStage,
  total: number,
  identifies: Record<number, number>,
  { read, broken = new Set() }: {
    readonly read?: () => void;
    readonly broken?: ReadonlySet<number>;
  } = {},
) {
  const { lost, twice, outOfOrder, unknown, violations, identifies: spent, events } = await stage
    .judged({}, read);
  assert.deepEqual({ lost, twice, outOfOrder, unknown, violations, spent }, {
    lost: [],
    twice: [],
    outOfOrder: [],
    unknown: [],
    violations: [],
    spent: identifies,
  });
  assert.ok(events > 2_000, String(events));
  const connected = [...stage.sim.gateway.connections].map(({ session }) => session?.terms);
  assert.deepEqual(connected.map((terms) => terms?.totalShards), Array(total).fill(total));
  const { sessions, connections } = stage.sim.ledger;
  const isLeft = (id: string) => {
    const last = connections.findLast(({ sessionId }) => sessionId === id);
    return last?.code === 1006 && broken.has(last.id);
  };
  const alive = [...sessions.values()].filter(({ sessionId, totalShards, ended }) =>
    ended === null && (totalShards === total || !isLeft(sessionId))
  );
  assert.deepEqual(alive.map(({ totalShards }) => totalShards), Array(total).fill(total));
}
