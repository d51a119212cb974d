/** Who reads a shard beside its bot: each sees all of its part once, in order, whatever becomes of us. */

import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import { memoryStore } from "../../ports/store.ts";
import { connect, type Library, names, sent } from "../support/library.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { createRig, type Rig, type RigOptions } from "../support/rig.ts";

const config = { consumersPerShard: 3 };

async function rigOf(options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig({ sim: { guilds: 4 }, config, openSpool: memorySpool(), ...options });
  rig.start();
  await rig.ready();
  await rig.clock.advance(1_000);
  return rig;
}

/** Somebody who reads beside the bot, from now on. */
async function read(rig: Rig, name = "logger"): Promise<Library> {
  const library = connect(rig, false, `x:${name}`);
  library.identify();
  await rig.clock.advance(100);
  assert.equal(library.got[1]?.t, "READY");
  return library;
}

/** The same, with its session. */
async function back(rig: Rig, library: Library, name = "logger"): Promise<Library> {
  const next = connect(rig, false, `x:${name}`);
  next.resume(library.sessionId(), library.last());
  await rig.clock.advance(100);
  return next;
}

const got = (rig: Rig) => rig.got.map(({ t }) => t).filter((t) => t !== "READY" && t !== "RESUMED");

Deno.test("a logger reads beside a cluster, from its READY on, and neither holds up the other", async () => {
  const rig = await rigOf();
  rig.sim.traffic.setRate(20);
  await rig.clock.advance(2_000);
  const before = sent(rig).length;
  const logger = await read(rig);
  await rig.clock.advance(5_000);
  assert.equal(rig.gateway.serving.shards[0]!.clusterId, 0, "the shard is still its bot's");
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(500);
  assert.deepEqual(got(rig), sent(rig));
  const all = sent(rig);
  const came = names(logger);
  const missed = all.length - came.length;
  assert.ok(Math.abs(missed - before) < 5, `it begins after ${missed} events, ${before} were sent`);
  assert.deepEqual(came, all.slice(-came.length));
  rig.assertNoViolations();
});

Deno.test("a library, a logger and an auditor have a session each; who comes by the same name takes over", async () => {
  const rig = await rigOf();
  const bot = connect(rig);
  bot.identify();
  await rig.clock.advance(100);
  const [logger, audit] = [await read(rig), await read(rig, "audit")];
  rig.sim.traffic.setRate(20);
  await rig.clock.advance(2_000);
  for (const each of [bot, logger, audit]) each.acknowledge();
  await rig.clock.advance(10);
  const newer = await read(rig);
  await rig.clock.advance(2_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(500);
  assert.deepEqual([bot, logger, audit].map(({ closedWith }) => closedWith), [null, 4409, null]);
  const all = sent(rig).slice(-names(bot).length);
  assert.deepEqual(names(bot), all);
  assert.deepEqual(names(audit), all);
  assert.deepEqual(names(logger, newer), all);
});

for (const how of ["SIGTERM", "SIGKILL"] as const) {
  Deno.test(`a logger gets each event once, and the bot as well, whatever ends: connection, worker, unit by ${how}`, async () => {
    const kept = { store: memoryStore(), openSpool: memorySpool() };
    const first = await rigOf(kept);
    const one = await read(first);
    const before = sent(first).length;
    first.sim.traffic.setRate(20);
    await first.clock.advance(2_000);
    one.close(1006);
    await first.clock.advance(5_000);
    const two = await back(first, one);
    await first.clock.advance(2_000);
    first.gateway.pool.restart(0);
    await first.clock.advance(3_000);
    two.close(1006);
    await first.clock.advance(3_000);
    if (how === "SIGTERM") await first.stop();
    else for (const thread of [...first.alive]) thread.die();
    const second = await createRig({ config, ...kept, earlier: first });
    second.link(first.bot);
    second.gateway.pool.spawnShards();
    await second.ready();
    const three = connect(second, false, "x:logger");
    three.resume(one.sessionId(), two.last());
    await second.clock.advance(2_000);
    second.sim.traffic.setRate(0);
    await second.clock.advance(2_000);
    assert.ok(three.got.some(({ t }) => t === "RESUMED"));
    assert.deepEqual(names(one, two, three), sent(second).slice(before));
    const numbers = [one, two, three].flatMap((each) => each.events().map(({ s }) => s!));
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
    assert.deepEqual(got(first), sent(second));
    assert.equal(second.identifies(), 1);
  });
}

Deno.test("a logger that is away keeps nothing from the bot; what it has not had waits on disk, in the bounds of memory", async () => {
  const rig = await rigOf({ queueMemoryBytes: 1024 * 1024, config });
  const logger = await read(rig);
  const before = sent(rig).length;
  logger.close(1006);
  rig.sim.traffic.setRate(200);
  for (let second = 0; second < 60; second++) {
    await rig.clock.advance(1_000);
    const { queued } = rig.gateway.serving.shards[0]!.counters!;
    assert.ok(queued < 300, `${queued} events wait for the bot`);
  }
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(1_000);
  const again = await back(rig, logger);
  await rig.clock.advance(300_000);
  assert.deepEqual(names(logger, again), sent(rig).slice(before));
  assert.deepEqual(got(rig), sent(rig));
});

Deno.test("a logger that ends its session finds what came meanwhile, for as long as a session waits", async () => {
  const rig = await rigOf();
  const one = await read(rig);
  const before = sent(rig).length;
  rig.sim.traffic.setRate(20);
  await rig.clock.advance(2_000);
  one.acknowledge();
  one.close(1000);
  await rig.clock.advance(60_000);
  const two = await read(rig);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(2_000);
  assert.deepEqual(names(one, two), sent(rig).slice(before));
  two.acknowledge();
  two.close(1000);
  rig.sim.traffic.setRate(20);
  await rig.clock.advance(CONFIG_DEFAULTS.consumerSessionTtlMs + 1_000);
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(1_000);
  const three = await read(rig);
  await rig.clock.advance(2_000);
  assert.deepEqual(names(three), [], "it begins with what comes from now on");
});

Deno.test("a name is refused where nobody may read beside the bot, and where as many do as may", async () => {
  const alone = await rigOf({ config: {} });
  const refused = connect(alone, false, "x:logger");
  refused.identify();
  await alone.clock.advance(100);
  // Without a secret any token is one: it is the bot's.
  assert.equal(refused.got[1]?.t, "READY");
  const rig = await rigOf({ config: { consumersPerShard: 2 } });
  await read(rig);
  const third = connect(rig, false, "x:audit");
  third.identify();
  await rig.clock.advance(100);
  assert.equal(third.closedWith, 4010);
});
