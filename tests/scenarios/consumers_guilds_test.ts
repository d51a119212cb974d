/**
 * Libraries on `/gateway` that keep guilds, as most do, through restarts, kills and cuts at any moment:
 * each event is seen once and in order, and the guilds are those that Discord's own events amount to.
 */

import assert from "node:assert/strict";
import { type Random, seededRandom } from "../../ports/random.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import { botJoins, botLeaves, guildComesBack, guildGoesDown } from "../../sim/mod.ts";
import { openGuildDir } from "../../store/guild_files.ts";
import { GuildModel } from "../guilds/guild_model.ts";
import { type FakeDisk, fakeDisk } from "../support/fake_disk.ts";
import { connect, type Library, type Payload, sent } from "../support/library.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { createRig, type Rig } from "../support/rig.ts";

const KEPT = { members: true, presences: false, voice: false };
const TERMS = { intents: ALL_INTENTS, largeThreshold: 50 };

/** A library that keeps guilds, and reads what it is sent when it is told to. */
class CachingLibrary {
  readonly model = new GuildModel(KEPT);
  /** Names of the events that it has seen. */
  readonly seen: string[] = [];
  /** Every dispatch that it has read, as it came. */
  readonly come: Payload[] = [];
  /** How many guilds its session began with. */
  snapshots = 0;
  #connection: Library | null = null;
  #read = 0;
  #s = 0;
  #sessionId = "";

  get s(): number {
    return this.#s;
  }

  async identify(rig: Rig, readStore: () => Promise<unknown>): Promise<void> {
    this.#use(connect(rig));
    this.#connection!.identify();
    this.#s = 0;
    await rig.clock.runUntil(() => this.#connection!.sessionId() !== undefined, 20_000);
    // It is written down, and nothing is read yet.
    await rig.clock.advance(200);
    this.#sessionId = this.#connection!.sessionId();
    const { sessions } = await readStore() as {
      sessions: { sessionId: string; snapshots: number }[];
    };
    this.snapshots = sessions.find(({ sessionId }) => sessionId === this.#sessionId)!.snapshots;
  }

  resume(rig: Rig): void {
    this.#use(connect(rig));
    this.#connection!.resume(this.#sessionId, this.#s);
  }

  /** What it has not read is lost. */
  cut(): void {
    this.#connection?.close(1006);
  }

  beat(): void {
    this.#connection!.send(1, this.#s);
  }

  read(count = Infinity): void {
    const got = this.#connection!.got;
    for (; count > 0 && this.#read < got.length; count--) {
      const payload = got[this.#read++]!;
      const { op, t, s, d: noted } = payload;
      assert.notEqual(op, 9, "the session is lost");
      if (t === null || s === null) continue;
      this.come.push(payload);
      const { gatehouse: _, ...d } = noted;
      if (t === "READY" || t === "GUILD_DELETE" || s > this.#s) this.model.take(t, d);
      const isNew = s > Math.max(this.#s, this.snapshots + 1);
      if (isNew) this.seen.push(t);
      this.#s = Math.max(this.#s, s);
    }
  }

  /** Its guilds as it would show them. */
  get guilds(): Record<string, unknown> {
    return bodiesOf(this.model);
  }

  #use(connection: Library): void {
    // It says itself how far it has read.
    connection.beBusy();
    this.#connection = connection;
    this.#read = 0;
  }
}

function bodiesOf(model: GuildModel): Record<string, unknown> {
  const ids = [...model.guilds].filter(([, guild]) => guild).map(([id]) => id).sort();
  return Object.fromEntries(ids.map((id) => [id, model.body(id, TERMS)]));
}

/** A unit in one life after another, with the same Discord and disk, and one library. */
class Lives {
  readonly random: Random;
  readonly library = new CachingLibrary();
  disk: FakeDisk = fakeDisk();
  rig!: Rig;
  readonly #store = memoryStore();
  #options: NonNullable<Parameters<typeof createRig>[0]>;
  /** What Discord sent, by its number: there is one session. */
  readonly #sent = new Map<number, { t: string; d: unknown }>();
  #life = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    const decoder = new TextDecoder();
    this.#options = {
      sim: { guilds: 10, ringEvents: 20_000, seed },
      openSpool: memorySpool(),
      openGuilds: (shardId) => openGuildDir("d", { fs: this.disk, segmentBytes: 50_000 })(shardId),
      config: { cache: ["guilds", "members"] },
      hooks: {
        keep: (_, payload) => {
          const { t, s, d } = JSON.parse(decoder.decode(payload));
          this.#sent.set(s, { t, d });
          return true;
        },
      },
    };
  }

  /** From the next life on. */
  setCache(...cache: ("guilds" | "members")[]): void {
    this.#options = { ...this.#options, config: { cache } };
  }

  async begin(): Promise<void> {
    this.rig = await createRig({ ...this.#options, store: this.#storeOfLife() });
    // A cluster has dealt with what there was, and with all that comes until the library takes the shard.
    this.rig.start();
    await this.rig.ready();
    await this.rig.clock.advance(2_000);
    this.rig.sim.traffic.setRate(40);
  }

  identify(): Promise<void> {
    return this.library.identify(this.rig, () => this.#store.load("consumers"));
  }

  /** Whatever happens to guilds in a while. */
  async live(ms: number): Promise<void> {
    const { sim, clock } = this.rig;
    const guilds = [...sim.world.guilds.values()];
    for (let past = 0; past < ms; past += 100) {
      await clock.advance(100);
      const guild = guilds[Math.floor(this.random() * guilds.length)]!;
      const number = Math.floor(this.random() * 1e6);
      const { id } = guild;
      if (guild.state === "up") {
        const role = { id: `${number}`, name: `role ${number}`, color: number };
        sim.world.emit("GUILD_ROLE_CREATE", id, { guild_id: id, role });
      }
      if (number % 5 > 0) continue;
      if (guild.state === "down") guildComesBack(sim.world, guild);
      else if (guild.state === "left") botJoins(sim.world, guild);
      else if (number % 2 === 0) guildGoesDown(sim.world, guild);
      else botLeaves(sim.world, guild);
    }
  }

  async restart(how: "stop" | "kill" | "worker"): Promise<void> {
    if (how === "worker") return this.rig.gateway.pool.restart(0);
    if (how === "stop") await this.rig.stop();
    else {
      for (const thread of [...this.rig.alive]) thread.die();
      this.#life++;
      void this.rig.gateway.pool.stop("keep");
    }
    this.disk = fakeDisk(structuredClone(this.disk.files));
    const store = this.#storeOfLife();
    this.rig = await createRig({ ...this.#options, store, earlier: this.rig });
    this.rig.gateway.pool.spawnShards();
    await this.rig.ready();
  }

  /** Everything has come, and is read. */
  async end(): Promise<void> {
    this.rig.sim.traffic.setRate(0);
    for (let i = 0; i < 4; i++) {
      await this.rig.clock.advance(2_000);
      this.library.read();
      this.library.beat();
    }
  }

  /** The library knows of the guilds that the bot is in, and has those that are up. */
  assertSameList(): void {
    const guilds = [...this.rig.sim.world.guilds.values()];
    const ids = (states: string[]) =>
      guilds.filter(({ state }) => states.includes(state)).map(({ id }) => id).sort();
    assert.deepEqual(Object.keys(this.library.guilds), ids(["up"]));
    assert.deepEqual([...this.library.model.guilds.keys()].sort(), ids(["up", "down"]));
  }

  /** The library has the guilds that Discord's events amount to. */
  assertSameGuilds(what: string): void {
    const model = new GuildModel(KEPT);
    const all = [...this.#sent].sort(([a], [b]) => a - b);
    for (const [, { t, d }] of all) model.take(t, structuredClone(d));
    assert.deepEqual(this.library.guilds, bodiesOf(model), what);
    assert.ok(Object.keys(this.library.guilds).length > 1);
  }

  /** The state folder of one life: once another begins, nothing is written to it. */
  #storeOfLife(): Store {
    const life = ++this.#life;
    const store = this.#store;
    return {
      ...store,
      save: (name, value) => life === this.#life ? store.save(name, value) : Promise.resolve(),
    };
  }
}

for (const how of ["stop", "kill", "worker"] as const) {
  Deno.test(`a library that resumes after ${how}, also among its guilds, sees each event once and has every guild`, async () => {
    for (const seed of [1, 2, 3]) {
      const lives = new Lives(seed);
      const { library, random } = lives;
      await lives.begin();
      // What comes until then is in the guilds.
      await lives.identify();
      assert.ok(library.snapshots > 2, `${library.snapshots} guilds`);
      // HELLO and READY at least.
      library.read(2 + Math.floor(random() * 5));
      for (let life = 0; life < 5; life++) {
        library.cut();
        await lives.live(random() * 2_000);
        await lives.restart(how);
        library.resume(lives.rig);
        await lives.live(random() * 3_000);
        if (life > 0 && random() < 0.5) library.read(), library.beat();
        else library.read(Math.floor(random() * 4));
      }
      await lives.end();
      const all = sent(lives.rig);
      assert.deepEqual(library.seen, all.slice(-library.seen.length), `seed ${seed}`);
      assert.ok(library.seen.length > 100);
      lives.assertSameGuilds(`seed ${seed}`);
      assert.equal(lives.rig.identifies(), 1, "a new session with Discord was spent");
      lives.rig.assertNoViolations();
    }
  });

  Deno.test(`a library that begins anew after ${how} has every guild as it is`, async () => {
    for (const seed of [4, 5]) {
      const lives = new Lives(seed);
      const { library, random } = lives;
      await lives.begin();
      for (let life = 0; life < 4; life++) {
        await lives.identify();
        library.read(Math.floor(random() * 30));
        if (random() < 0.5) library.beat();
        await lives.live(random() * 3_000);
        library.cut();
        await lives.restart(how);
        await lives.live(random() * 1_000);
      }
      await lives.identify();
      await lives.end();
      lives.assertSameGuilds(`seed ${seed}`);
      assert.equal(lives.rig.identifies(), 1, "a new session with Discord was spent");
    }
  });
}

Deno.test("a library loses the guilds that are gone when the session with Discord was lost, and hears of the others as of an outage", async () => {
  const lives = new Lives(6);
  const { library } = lives;
  await lives.begin();
  await lives.identify();
  library.read();
  await lives.live(3_000);
  lives.rig.sim.traffic.setRate(0);
  await lives.rig.clock.advance(1_000);
  library.read();
  const { sim } = lives.rig;
  const guilds = [...sim.world.guilds.values()];
  const [gone, stays] = guilds.filter(({ state }) => state === "up");
  const joined = guilds.find(({ state }) => state === "left")!;
  const had = library.seen.length;
  sim.faults.invalidate(false);
  botLeaves(sim.world, gone!);
  botJoins(sim.world, joined);
  await lives.rig.clock.advance(20_000);
  library.read();
  const came = library.come.slice(library.come.findIndex(({ t }) => t === "GATEHOUSE_GAP"));
  const about = (id: string) =>
    came.filter(({ d }) => d.id === id).map(({ t, d }) => [t, d.unavailable, d.gatehouse?.guild]);
  assert.deepEqual(about(gone!.id), [["GUILD_DELETE", undefined, undefined]]);
  assert.deepEqual(about(stays!.id), [
    ["GUILD_DELETE", true, undefined],
    ["GUILD_CREATE", false, "loaded"],
  ]);
  assert.deepEqual(about(joined.id), [["GUILD_CREATE", false, "loaded"]]);
  await lives.end();
  assert.ok(library.seen.length > had);
  lives.assertSameList();
});

Deno.test("guilds that are not known are told by a new session of the shard, once, and the library is served meanwhile", async () => {
  const lives = new Lives(7);
  const { library } = lives;
  lives.setCache();
  await lives.begin();
  lives.rig.sim.traffic.setRate(0);
  await lives.rig.clock.advance(1_000);
  lives.setCache("guilds", "members");
  await lives.restart("stop");
  await lives.identify();
  assert.equal(library.snapshots, 0);
  library.read();
  assert.equal(library.model.guilds.size, 10, "READY does not list the guilds");
  assert.deepEqual(library.guilds, {});
  lives.rig.sim.world.emit("MESSAGE_CREATE", [...lives.rig.sim.world.guilds.keys()][0]!, {});
  await lives.rig.clock.advance(100);
  library.read();
  assert.equal(library.seen.at(-1), "MESSAGE_CREATE");
  await lives.rig.clock.advance(20_000);
  library.read();
  lives.assertSameList();
  assert.ok(
    !library.come.some(({ d }) => d.unavailable === true),
    "that they are not here is known",
  );
  assert.equal(lives.rig.identifies(), 2);
  library.beat();
  await lives.rig.clock.advance(1_000);
  await lives.identify();
  assert.equal(library.snapshots, 10);
  await lives.end();
  lives.assertSameList();
  assert.equal(lives.rig.identifies(), 2);
  const told = lives.rig.logged.filter(({ event }) =>
    event.startsWith("a consumer asks for guilds")
  );
  assert.equal(told.length, 1);
});

Deno.test("without CACHE no session is spent on guilds, and a library gets none", async () => {
  const lives = new Lives(8);
  lives.setCache();
  await lives.begin();
  await lives.identify();
  await lives.end();
  assert.deepEqual(lives.library.guilds, {});
  await lives.rig.clock.advance(60_000);
  assert.equal(lives.rig.identifies(), 1);
});
