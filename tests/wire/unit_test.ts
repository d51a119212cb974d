/** The whole program with real sockets, workers and processes, as its users run it. */

import assert from "node:assert/strict";
import { serveEvents } from "../../mod.ts";
import { sleep, systemClock } from "../../ports/clock.ts";
import { silentLog } from "../../ports/log.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { botIdentity } from "../../store/state_dir.ts";
import { openStateDir } from "../../store/state_dir.ts";
import { makeOld } from "../support/old_state.ts";
import { startUnit, type UnitProcess, until } from "../support/unit_process.ts";

/** A simulator on real sockets and the settings that point a unit at it. */
function serveDiscord(options: Parameters<typeof createSimulator>[0] = {}) {
  const sim = createSimulator({ recordEvents: true, ringEvents: 20_000, ...options });
  const server = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  return {
    sim,
    settings: {
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: server.apiUrl,
      INTENTS: String(0x331_ffff),
      LISTEN_PORT: "0",
      STATE_DIR: stateDir,
    },
    async close() {
      sim.traffic.setRate(0);
      await server.close();
      Deno.removeSync(stateDir, { recursive: true });
    },
  };
}

/** A remote cluster in this process that keeps the names of what it got, by shard. */
async function serveRecorder(unitUrl?: string) {
  const got = new Map<number, string[]>();
  const bot = {
    wants: () => true,
    handle: ({ t }: { t: string }, { shardId }: { shardId: number }) => {
      const names = got.get(shardId) ?? [];
      names.push(t);
      got.set(shardId, names);
    },
  };
  const server = await serveEvents({
    port: 0,
    secretKey: "between-us",
    log: silentLog,
    ...(unitUrl ? { unitUrl } : {}),
  }, bot);
  return {
    got,
    settings: {
      EVENT_HANDLER_URL: `ws://127.0.0.1:${server.port}`,
      EVENT_HANDLER_SECRET_KEY: "between-us",
    },
    close: () => server.stop(),
  };
}

type Discord = ReturnType<typeof serveDiscord>;
type Recorder = Awaited<ReturnType<typeof serveRecorder>>;

/** What the bot got is what Discord sent, in order, and no rule was broken. */
async function assertAllArrived({ sim }: Discord, { got }: Recorder): Promise<void> {
  const sent = (shardId: number) =>
    sim.ledger.events.filter((event) => event.shardId === shardId).map((event) => event.t);
  const shards = [...new Set(sim.ledger.events.map((event) => event.shardId))];
  await until(
    () => shards.every((id) => got.get(id)?.length === sent(id).length),
    10_000,
    () => shards.map((id) => `shard ${id}: ${got.get(id)?.length} of ${sent(id).length}`).join(),
  );
  for (const id of shards) assert.deepEqual(got.get(id), sent(id));
  assert.deepEqual(sim.ledger.violations, []);
}

for (const example of ["bot", "discordeno_bot"]) {
  Deno.test(`examples/${example}.ts answers a message and an interaction over REST`, async () => {
    const discord = serveDiscord({ guilds: 4 });
    const { sim } = discord;
    const unit = await startUnit({ ...discord.settings, BOT_MODULE: `./examples/${example}.ts` });
    await unit.ready();
    const [guild] = sim.world.guilds.values();
    const channelId = guild!.channels[0]!.id;
    const [member] = guild!.members.values();
    const author = { ...member!.user, bot: false };
    sim.world.emit("MESSAGE_CREATE", guild!.id, {
      ...MESSAGE,
      id: sim.world.nextId(),
      channel_id: channelId,
      guild_id: guild!.id,
      author,
    });
    sim.traffic.burst(1, "INTERACTION_CREATE");
    const posted = (route: RegExp, status: number) => () =>
      sim.ledger.rest.some((it) =>
        it.method === "POST" && route.test(it.route) && it.status === status
      );
    await until(posted(/messages$/, 200), 10_000, () => "the message was not answered");
    await until(posted(/callback$/, 204), 10_000, () => "the interaction was not answered");
    assert.equal(await unit.end("SIGTERM"), 0);
    assert.deepEqual(sim.ledger.violations, []);
    await discord.close();
  });
}

const MESSAGE = {
  type: 0,
  content: "!ping",
  timestamp: "2026-01-01T00:00:00.000Z",
  edited_timestamp: null,
  tts: false,
  mention_everyone: false,
  mentions: [],
  mention_roles: [],
  attachments: [],
  embeds: [],
  pinned: false,
};

Deno.test("workers that crash, units that stop and units that are killed lose nothing and identify nobody", async () => {
  const discord = serveDiscord({ shards: 4, maxConcurrency: 4, guilds: 20 });
  const recorder = await serveRecorder();
  const settings = {
    ...discord.settings,
    ...recorder.settings,
    ALLOW_FAULTS: "1",
    TOTAL_WORKERS: "2",
  };
  const start = async (): Promise<UnitProcess> => {
    const unit = await startUnit(settings);
    await unit.ready();
    return unit;
  };
  let unit = await start();
  discord.sim.traffic.setRate(300);
  for (const [worker, how] of [[0, "throw"], [1, "throw"]] as const) {
    const restarts = () =>
      unit.lines.filter((it) => it.message.startsWith("worker was lost")).length;
    const before = restarts();
    const answer = await unit.control("POST", `/workers/${worker}/crash?how=${how}`);
    assert.equal(answer.status, 200, await answer.text());
    await until(() => restarts() > before, 20_000, () => `the ${how} was not noticed`);
    await unit.ready();
  }
  assert.equal(await unit.end("SIGTERM"), 0);
  unit = await start();
  await until(() => discord.sim.ledger.events.length > 3_000, 20_000);
  await unit.end("SIGKILL");
  unit = await start();
  discord.sim.traffic.setRate(0);
  await assertAllArrived(discord, recorder);
  assert.equal(discord.sim.ledger.identifies.length, 4, "an identify was spent");
  assert.equal(await unit.end("SIGTERM"), 0);
  await recorder.close();
  await discord.close();
});

Deno.test("the control port refuses web pages, unknown shards and faults that are not allowed", async () => {
  const discord = serveDiscord();
  const unit = await startUnit(discord.settings);
  await unit.ready();
  const url = await unit.url();
  const page = await fetch(`${url}/control/state`, { headers: { origin: "https://evil.test" } });
  assert.equal(page.status, 401);
  await page.body?.cancel();
  const unknown = await unit.control("POST", "/shards/9/reconnect");
  assert.equal(unknown.status, 404);
  assert.match((await unknown.json()).error, /shard 9/);
  const crash = await unit.control("POST", "/workers/0/crash");
  assert.equal(crash.status, 409);
  await crash.body?.cancel();
  const state = await (await unit.control("GET", "/state")).text();
  assert.ok(!state.includes(discord.sim.settings.token));
  assert.equal(await unit.end("SIGTERM"), 0);
  await discord.close();
});

Deno.test("events of a bot that is away are on disk after two seconds, with the permissions that a worker has", async () => {
  const discord = serveDiscord();
  const unit = await startUnit(discord.settings);
  await unit.ready();
  discord.sim.traffic.setRate(100);
  const metric = async () => await (await fetch(`${await unit.url()}/metrics`)).text();
  await until(
    async () => /gatehouse_queue_disk_bytes\{shard="0"\} [1-9]/.test(await metric()),
    10_000,
    () => "nothing is on disk",
  );
  assert.deepEqual(unit.lines.filter((line) => line.level === "ERROR"), []);
  assert.equal(await unit.end("SIGTERM"), 0);
  await discord.close();
});

Deno.test("a unit of e038c8e that was killed while its bot was away is followed by this one: nothing lost, no identify", async () => {
  // Discord keeps fewer events than wait on disk.
  const discord = serveDiscord({ shards: 2, maxConcurrency: 2, guilds: 8, ringEvents: 50 });
  const unit = await startUnit(discord.settings);
  await unit.ready();
  discord.sim.traffic.setRate(100);
  await until(() => discord.sim.ledger.events.length > 500, 10_000);
  discord.sim.traffic.setRate(0);
  const metric = async () => await (await fetch(`${await unit.url()}/metrics`)).text();
  const waiting = /gatehouse_queue_disk_bytes\{shard="\d"\} [1-9]/g;
  await until(
    async () => (await metric()).match(waiting)?.length === 2,
    10_000,
    () => "nothing is on disk",
  );
  // Half a second and a little more: it is written down how far.
  await sleep(systemClock, 1_000);
  await unit.end("SIGKILL");
  const { STATE_DIR } = discord.settings;
  await makeOldFolder(STATE_DIR, discord.sim.settings.token);
  const recorder = await serveRecorder();
  const next = await startUnit({ ...discord.settings, ...recorder.settings });
  await next.ready();
  await assertAllArrived(discord, recorder);
  assert.equal(discord.sim.ledger.identifies.length, 2, "an identify was spent");
  assert.equal(await next.end("SIGTERM"), 0);
  assert.deepEqual(next.lines.filter(({ level }) => level === "ERROR"), []);
  assert.ok(!isThere(`${STATE_DIR}/sessions.json`) && !isThere(`${STATE_DIR}/queue/0`));
  await recorder.close();
  await discord.close();
});

/** Turns the folder of a unit with two shards into what e038c8e would have left. */
async function makeOldFolder(dir: string, token: string): Promise<void> {
  const options = { dir, bot: botIdentity(token), clock: systemClock, log: silentLog };
  await makeOld(await openStateDir(options), 2, [0, 1]);
  for (const { name } of Deno.readDirSync(dir)) {
    if (!name.endsWith(".json")) continue;
    const text = Deno.readTextFileSync(`${dir}/${name}`)
      .replace(/^\{"crc32":"[0-9a-f]{8}","version":3/, '{"version":1');
    Deno.writeTextFileSync(`${dir}/${name}`, text);
  }
  for (const id of [0, 1]) Deno.renameSync(`${dir}/queue/of-2/${id}`, `${dir}/queue/${id}`);
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path) !== null;
  } catch {
    return false;
  }
}
