/**
 * A library that knows Discord and not a line of ours consumes shards through `/gateway`: discord.js's
 * own gateway client, its REST pointed at our `/api` and nothing else changed.
 */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { type CuttingProxy, cuttingProxy } from "../support/cutting_proxy.ts";
import { startUnit, type UnitProcess, until } from "../support/unit_process.ts";

// Where it finds Deno it takes Deno's WebSocket, whose `error` at every cut it answers by throwing its
// session away. On Node it has `ws`, which only closes; so it gets that.
globalThis.WebSocket = (await import("npm:ws@8.23.0")).default as unknown as typeof WebSocket;
const {
  SimpleShardingStrategy,
  WebSocketManager,
  WebSocketShardDestroyRecovery,
} = await import("@discordjs/ws");
const { REST } = await import("@discordjs/rest");

const SECRET = "what-the-library-takes-for-a-token";
const INTENTS = 0x331_ffff as 0;
const SHARDS = [0, 1];

/** Discord, and a unit behind a proxy that can be cut. */
function setUp() {
  const sim = createSimulator({
    recordEvents: true,
    ringEvents: 20_000,
    shards: SHARDS.length,
    maxConcurrency: SHARDS.length,
    guilds: 10,
  });
  const discord = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const proxy = cuttingProxy();
  const start = async (): Promise<UnitProcess> => {
    const unit = await startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      INTENTS: String(INTENTS),
      LISTEN_PORT: "0",
      REST_AUTHORIZATION: SECRET,
      STATE_DIR: stateDir,
    });
    await unit.ready();
    proxy.target(Number(new URL(await unit.url()).port));
    return unit;
  };
  const close = async () => {
    proxy.close();
    await discord.close();
    Deno.removeSync(stateDir, { recursive: true });
  };
  return { sim, proxy, start, close };
}

type Got = { readonly t: string; readonly s: number; readonly key: string };

/** The library, consuming both shards; keeps what it got. */
async function consume(proxy: CuttingProxy) {
  const rest = new REST({ version: "10", api: `http://127.0.0.1:${proxy.port}/api` });
  rest.setToken(SECRET);
  let shards: InstanceType<typeof SimpleShardingStrategy> | undefined;
  const manager = new WebSocketManager({
    token: SECRET,
    intents: INTENTS,
    rest,
    // Its zlib-stream cannot be tested here: Deno's zlib tells it of several messages at once, which
    // it takes for one. `downstream_encoder_test.ts` inflates ours message by message.
    compression: null,
    buildStrategy: (it) => shards = new SimpleShardingStrategy(it),
  });
  const got = new Map<number, Got[]>(SHARDS.map((id) => [id, []]));
  const count = { ready: 0, resumed: 0 };
  const problems: unknown[] = [];
  manager.on("ready", () => void count.ready++);
  manager.on("resumed", () => void count.resumed++);
  manager.on("error", (error) => void problems.push(error));
  manager.on("dispatch", ({ t, s, d }, shardId) => {
    const { id } = (d ?? {}) as { id?: unknown };
    got.get(shardId)!.push({ t, s, key: typeof id === "string" ? id : "" });
  });
  await manager.connect();
  // deno-lint-ignore no-explicit-any -- the library keeps its shards to itself
  const shard = (id: number) => (shards as any).shards.get(id);
  return {
    got,
    count,
    problems,
    /** It closes its connection by itself, and comes back to resume. */
    reconnect: (id: number) => shard(id).destroy({ recover: WebSocketShardDestroyRecovery.Resume }),
    async close() {
      await manager.destroy();
      rest.clearHashSweeper();
      rest.clearHandlerSweeper();
    },
  };
}

type World = ReturnType<typeof setUp>;
type Library = Awaited<ReturnType<typeof consume>>;

const OF_A_SESSION = ["READY", "RESUMED"];

/** Each event came once, in Discord's order, under numbers that grow. */
async function assertEachOnce({ sim }: World, { got, problems }: Library): Promise<void> {
  const sent = (shardId: number) =>
    sim.ledger.events.filter((it) => it.shardId === shardId && !OF_A_SESSION.includes(it.t))
      .map(({ t, key }) => `${t} ${key}`);
  const came = (shardId: number) => got.get(shardId)!.filter(({ t }) => !OF_A_SESSION.includes(t));
  await until(
    () => SHARDS.every((id) => came(id).length >= sent(id).length),
    20_000,
    () => SHARDS.map((id) => `shard ${id}: ${came(id).length} of ${sent(id).length}`).join(),
  );
  for (const id of SHARDS) {
    assert.deepEqual(came(id).map(({ t, key }) => `${t} ${key}`), sent(id));
    const numbers = came(id).map(({ s }) => s);
    assert.ok(numbers.every((s, at) => at === 0 || s > numbers[at - 1]!), "numbers do not grow");
  }
  assert.deepEqual(problems, []);
  assert.deepEqual(sim.ledger.violations, []);
  assert.equal(sim.ledger.identifies.length, SHARDS.length, "an identify was spent");
}

/** Waits until so many more events went out. */
async function traffic({ sim }: World, events: number): Promise<void> {
  const goal = sim.ledger.events.length + events;
  await until(() => sim.ledger.events.length >= goal, 20_000, () => "there is no traffic");
}

// The library's own timers and sockets outlive what it calls closed.
const FOREIGN = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "@discordjs/ws, cut off in the middle of the stream, resumes and sees each event once",
  FOREIGN,
  async () => {
    const world = setUp();
    const unit = await world.start();
    const library = await consume(world.proxy);
    world.sim.traffic.setRate(500);
    for (let round = 1; round <= 4; round++) {
      await traffic(world, 250);
      if (round % 2 === 0) await Promise.all(SHARDS.map((id) => library.reconnect(id)));
      else assert.ok(world.proxy.cut() > 0);
      await until(() => library.count.resumed >= round * SHARDS.length, 20_000, () => "no resume");
    }
    await traffic(world, 250);
    world.sim.traffic.setRate(0);
    await assertEachOnce(world, library);
    assert.equal(library.count.ready, SHARDS.length, "a session was lost");
    await library.close();
    assert.equal(await unit.end("SIGTERM"), 0);
    await world.close();
  },
);

Deno.test(
  "@discordjs/ws resumes and sees each event once though the unit was killed",
  FOREIGN,
  async () => {
    const world = setUp();
    let unit = await world.start();
    const library = await consume(world.proxy);
    world.sim.traffic.setRate(500);
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      await traffic(world, 1_000);
      world.proxy.target(null);
      await unit.end(signal);
      unit = await world.start();
      await traffic(world, 500);
    }
    world.sim.traffic.setRate(0);
    await assertEachOnce(world, library);
    assert.equal(library.count.ready, SHARDS.length, "a session was lost");
    assert.ok(library.count.resumed >= 2 * SHARDS.length);
    await library.close();
    assert.equal(await unit.end("SIGTERM"), 0);
    await world.close();
  },
);

Deno.test(
  "@discordjs/ws that closes and begins anew gets each event once, before and after",
  FOREIGN,
  async () => {
    const world = setUp();
    const unit = await world.start();
    const isEvent = ({ t }: { t: string }) => !OF_A_SESSION.includes(t);
    const keys = (events: { t: string; key: string }[]) =>
      events.filter(isEvent).map(({ t, key }) => `${t} ${key}`);
    const sent = (id: number) => keys(world.sim.ledger.events.filter((it) => it.shardId === id));
    const came = (id: number) => keys(libraries.flatMap(({ got }) => got.get(id)!));
    const libraries = [await consume(world.proxy)];
    const quiet = async () => {
      world.sim.traffic.setRate(0);
      const isQuiet = () => SHARDS.every((id) => came(id).length >= sent(id).length);
      await until(isQuiet, 20_000, () => "events are missing");
    };
    world.sim.traffic.setRate(200);
    await traffic(world, 500);
    await quiet();
    await libraries[0]!.close();
    world.sim.traffic.setRate(200);
    await traffic(world, 300);
    libraries.push(await consume(world.proxy));
    await traffic(world, 200);
    await quiet();
    for (const id of SHARDS) assert.deepEqual(came(id), sent(id));
    await libraries[1]!.close();
    assert.equal(await unit.end("SIGTERM"), 0);
    await world.close();
  },
);
