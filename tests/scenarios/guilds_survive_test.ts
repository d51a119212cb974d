/**
 * The guilds of shards through restarts, kills and power cuts under events: what a library would be given
 * is what Discord's own events up to there amount to.
 */

import assert from "node:assert/strict";
import { type Random, seededRandom } from "../../ports/random.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import { botJoins, botLeaves, guildComesBack, guildGoesDown } from "../../sim/mod.ts";
import { openGuildDir } from "../../store/guild_files.ts";
import { GuildModel, sorted } from "../guilds/guild_model.ts";
import { type FakeDisk, fakeDisk } from "../support/fake_disk.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { createRig, type Rig } from "../support/rig.ts";

const SHARDS = 2;
const INTENTS = 0x331_ffff;
const TERMS = { intents: INTENTS, largeThreshold: 250 };
const decoder = new TextDecoder();

/** A unit in one life after another, with the same Discord, disk and bot. */
class Lives {
  readonly random: Random;
  disk: FakeDisk = fakeDisk();
  rig!: Rig;
  /** The rig whose bot gets everything. */
  first!: Rig;
  cut: () => void = () => {};
  readonly options: Parameters<typeof createRig>[0];
  readonly #store = memoryStore();
  #lives = 0;
  /** Shard id → what Discord sent, by cursor: the first session's base is 0. */
  readonly #sent: Map<number, { t: string; d: unknown }>[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
    for (let id = 0; id < SHARDS; id++) this.#sent.push(new Map());
    this.options = {
      shards: SHARDS,
      sim: { maxConcurrency: SHARDS, guilds: 12, ringEvents: 20_000, seed },
      openSpool: memorySpool(),
      openGuilds: (shardId) => openGuildDir("d", { fs: this.disk, segmentBytes: 50_000 })(shardId),
      config: { cache: ["guilds", "members", "presences", "voice"] },
      hooks: {
        keep: (_, payload, shardId) => {
          const { t, s, d } = JSON.parse(decoder.decode(payload));
          this.#sent[shardId]!.set(s, { t, d });
          return true;
        },
      },
    };
  }

  async begin(): Promise<void> {
    this.rig = this.first = await createRig({ ...this.options, store: this.#life() });
    this.cut = this.rig.start();
    await this.rig.ready();
    await this.rig.clock.advance(2_000);
    this.rig.sim.traffic.setRate(300);
  }

  /** Whatever happens in a while. */
  async live(ms: number): Promise<void> {
    const { sim, clock } = this.rig;
    const guilds = [...sim.world.guilds.values()];
    for (let past = 0; past < ms; past += 50) {
      await clock.advance(50);
      const guild = guilds[Math.floor(this.random() * guilds.length)]!;
      const number = Math.floor(this.random() * 1e6);
      const id = guild.id;
      if (guild.state === "up") {
        const role = { id: `${number}`, name: `role ${number}`, color: number };
        sim.world.emit("GUILD_ROLE_CREATE", id, { guild_id: id, role });
        sim.world.emit("CHANNEL_UPDATE", id, {
          ...guild.channels[0]!,
          guild_id: id,
          topic: `${number}`,
        });
      }
      if (number % 7 > 0) continue;
      if (guild.state === "down") guildComesBack(sim.world, guild);
      else if (guild.state === "left") botJoins(sim.world, guild);
      else if (number % 2 === 0) guildGoesDown(sim.world, guild);
      else botLeaves(sim.world, guild);
    }
  }

  /** The unit is stopped (SIGTERM), killed, or loses its power with the computer. */
  async end(how: "stop" | "kill" | "power"): Promise<void> {
    this.cut();
    if (how === "stop") await this.rig.stop();
    else this.#kill();
    // What is still being written by the dead is not found.
    this.disk = how === "power"
      ? this.disk.crash(this.random)
      : fakeDisk(structuredClone(this.disk.files));
    await this.live(500);
    this.rig = await createRig({ ...this.options, store: this.#life(), earlier: this.rig });
    this.rig.gateway.pool.spawnShards();
    await this.rig.ready();
  }

  /** The state folder of one life: once another begins, nothing is written to it. */
  #life(): Store {
    const life = ++this.#lives;
    const store = this.#store;
    return {
      ...store,
      save: (name, value) => life === this.#lives ? store.save(name, value) : Promise.resolve(),
    };
  }

  /** Nothing of it says or writes a word any more. */
  #kill(): void {
    for (const thread of [...this.rig.alive]) thread.die();
    this.#lives++;
    void this.rig.gateway.pool.stop("keep");
  }

  /** The guilds of a shard as of what is acknowledged, as a library gets them; `null`: unknown. */
  async snapshot(shardId: number) {
    const { pool } = this.rig.gateway.serving;
    const { acknowledged: cursor } = await this.#done(pool.backlog(shardId));
    const question = { shardId, cursor, terms: TERMS, after: 0, limitBytes: Infinity };
    const piece = await this.#done(pool.guilds(question));
    const bodies = piece?.bodies.map((body) => sorted(JSON.parse(decoder.decode(body))));
    return { cursor, guildIds: piece?.guildIds, bodies };
  }

  /** What they should be. */
  reference(shardId: number, cursor: number) {
    const model = new GuildModel({ members: true, presences: true, voice: true });
    const sent = [...this.#sent[shardId]!].sort(([a], [b]) => a - b);
    assert.deepEqual(sent.map(([s]) => s), sent.map((_, i) => i + 1), "a number is missing");
    for (const [s, { t, d }] of sent) if (s <= cursor) model.take(t, structuredClone(d));
    const bodies = [...model.guilds.keys()].flatMap((id) => model.body(id, TERMS) ?? []);
    return { guildIds: [...model.guilds.keys()].sort(), bodies: bodies.sort(byId) };
  }

  async assertSame(what: string): Promise<void> {
    for (let shardId = 0; shardId < SHARDS; shardId++) {
      const { cursor, guildIds, bodies } = await this.snapshot(shardId);
      assert.ok(guildIds && bodies, `${what}: the guilds of shard ${shardId} are not known`);
      const wanted = this.reference(shardId, cursor);
      assert.deepEqual(guildIds.toSorted(), wanted.guildIds, what);
      assert.deepEqual(bodies.sort(byId), wanted.bodies, what);
    }
  }

  async #done<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    const done = () => void (isDone = true);
    promise.then(done, done);
    await this.rig.clock.runUntil(() => isDone, 60_000);
    return await promise;
  }
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}

for (const how of ["stop", "kill", "power"] as const) {
  Deno.test(`after a ${how} under events the guilds are those of what is acknowledged, and nothing comes twice`, async () => {
    for (const seed of [1, 2]) {
      const lives = new Lives(seed);
      await lives.begin();
      for (let life = 0; life < 4; life++) {
        await lives.live(Math.floor(lives.random() * 6_000));
        await lives.assertSame(`life ${life}`);
        await lives.end(how);
        await lives.assertSame(`life ${life}, after`);
        // The bot lives on another host: what it has seen, it knows.
        lives.cut = lives.rig.link(lives.first.bot);
      }
      lives.rig.sim.traffic.setRate(0);
      await lives.rig.clock.advance(5_000);
      lives.first.assertNothingLost();
      lives.rig.assertNoViolations();
      assert.equal(lives.rig.identifies(), SHARDS, "nobody had to identify");
    }
  });
}

Deno.test("what is acknowledged and not in the log when the unit is killed, Discord says again to the guilds alone", async () => {
  const lives = new Lives(5);
  await lives.begin();
  for (let life = 0; life < 3; life++) {
    await lives.live(3_000);
    for (let i = 0; i < 20; i++) lives.disk.failNext("write");
    await lives.live(1_500);
    await lives.end("kill");
    await lives.assertSame(`life ${life}`);
    lives.cut = lives.rig.link(lives.first.bot);
  }
  lives.rig.sim.traffic.setRate(0);
  await lives.rig.clock.advance(5_000);
  lives.first.assertNothingLost();
  assert.equal(lives.rig.identifies(), SHARDS, "nobody had to identify");
});

Deno.test("a worker that is replaced has its guilds again", async () => {
  const lives = new Lives(3);
  await lives.begin();
  for (const how of ["die", "hang"] as const) {
    await lives.live(3_000);
    [...lives.rig.alive][0]![how]();
    await lives.live(20_000);
    await lives.rig.ready();
    await lives.rig.clock.advance(5_000);
    await lives.assertSame(how);
  }
  assert.equal(lives.rig.identifies(), SHARDS);
});

Deno.test("guilds that are lost with the disk are unknown, not wrong, until a new session", async () => {
  const lives = new Lives(4);
  await lives.begin();
  await lives.live(3_000);
  await lives.end("kill");
  lives.disk.files.clear();
  lives.cut = lives.rig.link(lives.first.bot);
  await lives.end("stop");
  assert.deepEqual((await lives.snapshot(0)).bodies, undefined);
  lives.cut = lives.rig.link(lives.first.bot);
  assert.equal(lives.rig.identifies(), SHARDS, "nobody identifies unless somebody asks for guilds");
  void lives.rig.gateway.pool.reconnect(0, "end");
  await lives.rig.clock.advance(10_000);
  const { guildIds } = await lives.snapshot(0);
  assert.ok(guildIds);
});
