/**
 * A fleet as its users run it: units in processes of their own, joined by a real nats-server, one bot that all of
 * them dial, and one Discord. What the bot got is judged in the end.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sleep, systemClock } from "../../../ports/clock.ts";
import { ALL_INTENTS } from "../../../protocol/discord/intents.ts";
import { createSimulator, serveSimulator, type SimulatorOptions } from "../../../sim/mod.ts";
import { type CuttingProxy, cuttingProxy } from "../cutting_proxy.ts";
import { NATS_PROGRAMS, type NatsProgram, startNats } from "../nats_server.ts";
import { startBustle } from "../reshard/bustle.ts";
import { judge, type Numbered, numbersIn } from "../reshard/judge.ts";
import { eachLine, startUnit, type UnitProcess, until } from "../unit_process.ts";

/** What a fleet is made with. */
export interface WireFleetOptions {
  /** The server's program. */
  readonly nats: NatsProgram;
  readonly units: readonly string[];
  readonly shards: number;
  readonly eventsPerSecond?: number;
  readonly sim?: SimulatorOptions;
  readonly settings?: Record<string, string>;
}

const SECRET = "between-us";
/** A unit that does not answer in this time has none of its shards ready. */
const ASK_MS = 3_000;
/** A fleet is judged by more than so many. */
const LEAST_EVENTS = 1_000;
const NOTING_BOT = new URL("../reshard/noting_bot.ts", import.meta.url).pathname;

/** One unit, and its own way to the server. */
interface Host {
  process: UnitProcess;
  readonly way: CuttingProxy;
  readonly stateDir: string;
  /** Whether its process is there and not stopped. */
  isUp: boolean;
}

/** A fleet that runs, its bot and its Discord. */
export type WireFleet = Awaited<ReturnType<typeof startWireFleet>>;

/** Starts all, and waits until every shard is ready and the units have about as many of them. */
export async function startWireFleet(options: WireFleetOptions) {
  const { shards, eventsPerSecond = 300, units } = options;
  const sim = createSimulator({
    seed: 1,
    shards,
    maxConcurrency: 16,
    guilds: 100,
    ringEvents: 50_000,
    recordEvents: true,
    ...options.sim,
  });
  const discord = serveSimulator(sim);
  const nats = await startNats(options.nats);
  const came: Numbered[] = [];
  /** Shard → the session whose READY the bot got last. */
  const sessions = new Map<string, string>();
  const port = freePort();
  const bot = await startBot();
  const hosts = new Map<string, Host>();

  async function startBot() {
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
      if (began !== undefined) sessions.set(shardId!, began);
      came.push({ sessionId: sessions.get(shardId!)!, s: Number(s) });
    });
    await listening.promise;
    return {
      async end() {
        child.kill("SIGKILL");
        await child.status;
        await reading;
      },
    };
  }

  /** Secrets that came to the server, or from it. */
  const told = new Set<string>();
  let bytesHeard = 0;
  const decoder = new TextDecoder("latin1");
  const hear = (bytes: Uint8Array) => {
    bytesHeard += bytes.length;
    const text = decoder.decode(bytes);
    for (const secret of [sim.settings.token, SECRET]) if (text.includes(secret)) told.add(secret);
  };

  const run = (name: string, way: CuttingProxy, stateDir: string): Promise<UnitProcess> =>
    startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      INTENTS: String(ALL_INTENTS),
      LISTEN_PORT: "0",
      STATE_DIR: stateDir,
      ALLOW_FAULTS: "1",
      TOTAL_WORKERS: "2",
      UNIT_NAME: name,
      NATS_URL: `nats://127.0.0.1:${way.port}`,
      EVENT_HANDLER_URL: `ws://127.0.0.1:${port}`,
      EVENT_HANDLER_SECRET_KEY: SECRET,
      ...options.settings,
    });

  const host = (name: string): Host => {
    const found = hosts.get(name);
    if (found) return found;
    throw new Error(`no unit ${name} was started`);
  };

  /** Shards that a unit says it has and that are ready. */
  const readyOf = async ({ process }: Host): Promise<number[]> => {
    const signal = AbortSignal.timeout(ASK_MS);
    const answer = await fetch(`${await process.url()}/control/state`, { signal }).catch(() =>
      null
    );
    if (!answer?.ok) return [];
    const { shards } = await answer.json().catch(() => ({ shards: [] }));
    return shards.filter(({ state, role }: { state: string; role: string }) =>
      state === "ready" && role === "serves"
    ).map(({ shardId }: { shardId: number }) => shardId);
  };

  const stage = {
    sim,
    nats,
    came,
    /** What of the bot's token and the link's secret passed between units and server, and how much else. */
    get overheard() {
      return { secrets: [...told], bytes: bytesHeard };
    },
    /** Starts a unit; one that was there before goes on from its state folder. */
    async start(name: string): Promise<void> {
      const known = hosts.get(name);
      const way = known?.way ?? cuttingProxy(hear);
      if (!known) way.target(nats.port);
      const stateDir = known?.stateDir ?? Deno.makeTempDirSync();
      const process = await run(name, way, stateDir);
      hosts.set(name, { process, way, stateDir, isUp: true });
      await process.url();
    },
    /** Ends a unit, and gives its exit code. */
    async end(name: string, signal: "SIGTERM" | "SIGKILL"): Promise<number> {
      host(name).isUp = false;
      return await host(name).process.end(signal);
    },
    /** Stops a unit in the midst of whatever it does, or has it go on. */
    freeze(name: string, isOn: boolean): void {
      host(name).isUp = !isOn;
      host(name).process.signal(isOn ? "SIGSTOP" : "SIGCONT");
    },
    /** Cuts a unit off from the server, or lets it there again. */
    cutOff(name: string, isOn: boolean): void {
      const { way } = host(name);
      way.target(isOn ? null : nats.port);
      if (isOn) way.cut();
    },
    /** Unit → its shards that are ready, of all that are up. */
    async holdings(): Promise<Map<string, number[]>> {
      const up = [...hosts].filter(([, { isUp }]) => isUp);
      return new Map(
        await Promise.all(up.map(async ([name, each]) => [name, await readyOf(each)] as const)),
      );
    },
    /** Waits until these units have all shards of a total, each about its share; gives the time that it took. */
    async settled(names: readonly string[], total = shards, limitMs = 60_000): Promise<number> {
      const from = performance.now();
      let last = "";
      await until(
        async () => {
          const holdings = await stage.holdings();
          last = JSON.stringify([...holdings]);
          const all = names.flatMap((name) => holdings.get(name) ?? []);
          const share = total / names.length;
          return all.length === total && new Set(all).size === total &&
            names.every((name) => Math.abs(holdings.get(name)!.length - share) <= 1);
        },
        limitMs,
        () => `not settled: ${last}\n${stage.words()}`,
      );
      return performance.now() - from;
    },
    /** Warnings and errors of all units, for a message. */
    words(): string {
      return [...hosts].flatMap(([name, { process }]) => [
        ...process.lines.filter(({ level }) => /^(warn|error|fatal)/i.test(level)).slice(-12)
          .map((line) => `${name}: ${JSON.stringify(line)}`),
        `${name}: ${process.errors().slice(-500)}`,
      ]).join("\n");
    },
    control: (name: string, method: string, path: string) =>
      host(name).process.control(method, path),
    url: (name: string) => host(name).process.url(),
    lines: (name: string) => host(name).process.lines,
    /** People go to bed, and all is judged. */
    async judged() {
      const look = () => judge(sim.ledger, [numbersIn(sim.ledger, came)], {});
      await sleep(systemClock, 2_000);
      // What takes no time at all would be judged by few.
      await until(() => look().events > LEAST_EVENTS, 30_000);
      stopBustle();
      await until(() => look().lost.length === 0, 20_000).catch(() => {});
      await sleep(systemClock, 1_000);
      return look();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      stopBustle();
      await Promise.all(
        [...hosts.values()].map(async ({ process }) => {
          process.signal("SIGCONT");
          await process.end("SIGKILL");
        }).map((ending) => ending.catch(() => {})),
      );
      await bot.end();
      for (const { way } of hosts.values()) way.close();
      await nats[Symbol.asyncDispose]();
      await discord.close();
      for (const { stateDir } of hosts.values()) Deno.removeSync(stateDir, { recursive: true });
    },
  };
  let stopBustle = () => {};
  try {
    await Promise.all(units.map((name) => stage.start(name)));
    await stage.settled(units);
    stopBustle = startBustle(sim, eventsPerSecond, 1);
    await sleep(systemClock, 2_000);
    return stage;
  } catch (error) {
    await stage[Symbol.asyncDispose]();
    throw error;
  }
}

/** A test with a server of this machine; `every`: one with each version. Skipped where there is none. */
export function testWithNats(
  name: string,
  check: (nats: NatsProgram) => Promise<void>,
  every = false,
): void {
  const programs = every ? NATS_PROGRAMS : NATS_PROGRAMS.slice(0, 1);
  if (programs.length === 0) Deno.test.ignore(`${name} (no nats-server)`, () => {});
  for (const program of programs) {
    Deno.test(`${name} (nats-server ${program.version})`, () => check(program));
  }
}

/** A port that nobody has now. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** The bot got every event once, in order per guild, and Discord saw these identifies and no rule broken. */
export async function assertWhole(fleet: WireFleet, identifies: Record<number, number>) {
  const { lost, twice, outOfOrder, unknown, violations, identifies: spent, events } = await fleet
    .judged();
  assert.deepEqual({ lost, twice, outOfOrder, unknown, violations, spent }, {
    lost: [],
    twice: [],
    outOfOrder: [],
    unknown: [],
    violations: [],
    spent: identifies,
  }, fleet.words());
  assert.ok(events > LEAST_EVENTS, String(events));
  assert.deepEqual(fleet.overheard.secrets, [], "no secret goes to NATS");
  assert.ok(fleet.overheard.bytes > 10_000);
}
