import assert from "node:assert/strict";
import fc from "fast-check";
import type { GuildRecord } from "../../ports/guild_log.ts";
import { logTo } from "../../ports/log.ts";
import { seededRandom } from "../../ports/random.ts";
import { type Estate, NO_ESTATE } from "../../protocol/estate.ts";
import { createVirtualClock } from "../../sim/mod.ts";
import { openGuildDir } from "../../store/guild_files.ts";
import { GuildKeeper, MOST_REPLAYED } from "../../workers/guild_keeper.ts";
import { type DiskCall, type FakeDisk, fakeDisk } from "../support/fake_disk.ts";
import { guildChange, guildsAfter, ModelGuilds, sessionBegin } from "./guild_model.ts";

const SHARD = 3;

/** What Discord has sent in a session, and what the unit knows of it. */
class Shard {
  readonly clock = createVirtualClock();
  readonly logged: { event: string; fields: Record<string, unknown> }[] = [];
  disk: FakeDisk = fakeDisk();
  /** Every dispatch that ever came; those that change nothing are `null`. */
  readonly events: { readonly cursor: number; readonly record: GuildRecord | null }[] = [];
  sessionId = "";
  acknowledged = 0;
  mayWrite = true;
  /** Whether the disk has failed in this life. */
  hasFailed = false;
  keeper!: GuildKeeper;
  guilds!: ModelGuilds;
  totalShards = 16;
  #sessions = 0;
  #cancelLook = () => {};

  get newest(): number {
    return this.events.at(-1)?.cursor ?? 0;
  }

  /** Brings a worker up; gives after which cursor Discord goes on. */
  async live(at: { acknowledged?: number; safe?: number } = {}): Promise<number> {
    const acknowledged = at.acknowledged ?? this.acknowledged;
    const safe = at.safe ?? acknowledged;
    const estate: Estate = {
      ...NO_ESTATE,
      acknowledged,
      session: this.sessionId
        ? {
          shardId: SHARD,
          totalShards: this.totalShards,
          intents: 1,
          sessionId: this.sessionId,
          resumeUrl: null,
          seq: safe,
          base: 0,
        }
        : null,
    };
    this.acknowledged = acknowledged;
    let turn = Promise.resolve();
    const keeper = this.keeper = new GuildKeeper({
      clock: this.clock,
      log: logTo((_, event, fields) => this.logged.push({ event, fields })),
      shardId: SHARD,
      totalShards: this.totalShards,
      stream: "stream",
      open: openGuildDir("d", { fs: this.disk, segmentBytes: 400 }),
      mayWrite: () => this.mayWrite,
      inTurn: (task) => turn = turn.then(task),
      leastChangedBytes: 1_000,
    });
    this.guilds = new ModelGuilds(keeper);
    const covered = await keeper.load(this.guilds, estate, safe);
    const from = Math.min(safe, covered ?? safe);
    this.guilds.goesOnAfter(from);
    await this.guilds.acknowledge(acknowledged);
    let isAlive = true;
    const look = () => {
      if (!isAlive) return;
      keeper.look();
      this.clock.after(2_000, look);
    };
    this.clock.after(2_000, look);
    this.#cancelLook = () => void (isAlive = false);
    if (estate.session) {
      for (const event of this.events) {
        if (event.cursor > from) this.#see(event);
      }
    }
    await this.guilds.acknowledge(acknowledged);
    return from;
  }

  /** The worker is gone without a word, and perhaps the power with it. */
  die(random?: () => number): void {
    this.#cancelLook();
    if (random) this.disk = this.disk.crash(random);
    // What the old one still writes it writes in vain.
    else this.disk = fakeDisk(structuredClone(this.disk.files));
  }

  async stop(): Promise<void> {
    this.#cancelLook();
    await this.keeper.close();
  }

  begin(): void {
    this.sessionId = `session ${++this.#sessions}`;
    const cursor = this.newest + 2;
    this.#come({ cursor, record: sessionBegin(cursor, this.sessionId) });
  }

  change(guildId = "1", bytes = 0): void {
    const cursor = this.newest + 1;
    this.#come({ cursor, record: guildChange(cursor, guildId, bytes) });
  }

  other(): void {
    this.#come({ cursor: this.newest + 1, record: null });
  }

  async acknowledge(cursor = this.newest): Promise<void> {
    this.acknowledged = Math.max(this.acknowledged, cursor);
    await this.guilds.acknowledge(this.acknowledged);
  }

  /** What the guilds are as of what is acknowledged. */
  get wanted() {
    const known = this.events.filter(({ cursor }) => cursor <= this.acknowledged);
    return guildsAfter(known.flatMap(({ record }) => record ? [record] : []));
  }

  #come(event: Shard["events"][number]): void {
    this.events.push(event);
    this.#see(event);
  }

  #see({ cursor, record }: Shard["events"][number]): void {
    this.guilds.see(cursor, record);
  }
}

async function lived(): Promise<Shard> {
  const shard = new Shard();
  await shard.live();
  shard.begin();
  for (const guildId of ["1", "2", "3"]) shard.change(guildId);
  await shard.acknowledge();
  return shard;
}

Deno.test("after a stop the next worker has the guilds, and Discord goes on where it was", async () => {
  const shard = await lived();
  shard.change("2");
  for (let i = 0; i < 5; i++) shard.other();
  await shard.acknowledge(shard.newest - 2);
  await shard.stop();
  shard.die();
  assert.equal(await shard.live(), shard.acknowledged);
  assert.equal(shard.guilds.known?.get("2"), 6);
  assert.deepEqual(shard.guilds.known, shard.wanted);
});

Deno.test("after a kill Discord goes on where the log ends, and the guilds miss nothing", async () => {
  const shard = await lived();
  await shard.clock.advance(3_000);
  const { newest } = shard;
  shard.change("2");
  shard.change("4");
  await shard.acknowledge();
  shard.die();
  assert.equal(await shard.live(), newest);
  await shard.acknowledge();
  assert.deepEqual(shard.guilds.known, shard.wanted);
  assert.equal(shard.guilds.known?.size, 4);
});

Deno.test("guilds are written anew when much has changed, and what has changed before is deleted", async () => {
  const shard = await lived();
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 10; i++) shard.change(`${i}`, 100);
    await shard.acknowledge();
    await shard.clock.advance(5_000);
    assert.ok(shard.keeper.bytes < 8_000, `${shard.keeper.bytes}`);
  }
  const written = [...shard.disk.files.keys()].filter((path) => path.endsWith(".guilds"));
  assert.equal(written.length, 1);
  shard.die();
  await shard.live();
  assert.deepEqual(shard.guilds.known, shard.wanted);
});

Deno.test("nothing is written anew where nobody has dealt with anything since", async () => {
  const shard = await lived();
  for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
  await shard.clock.advance(120_000);
  const { open } = shard.disk.calls;
  await shard.clock.advance(600_000);
  assert.equal(shard.disk.calls.open, open);
});

Deno.test("guilds that are ahead of what is acknowledged are of use once everybody has come so far", async () => {
  const shard = await lived();
  const { acknowledged } = shard;
  for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
  await shard.acknowledge();
  await shard.clock.advance(60_000);
  assert.ok([...shard.disk.files.keys()].some((path) => path.endsWith(".guilds")));
  shard.die();
  await shard.live({ acknowledged });
  assert.equal(shard.guilds.known, null);
  await shard.acknowledge(shard.newest - 1);
  assert.equal(shard.guilds.known, null);
  await shard.acknowledge();
  assert.deepEqual(shard.guilds.known, shard.wanted);
});

Deno.test("guilds of another session, of another total or of no session are of no use, and go from the disk", async () => {
  const strangers: Record<string, (shard: Shard) => void> = {
    session: (shard) => shard.sessionId = "other",
    total: (shard) => shard.totalShards = 32,
    none: (shard) => shard.sessionId = "",
  };
  for (const [what, change] of Object.entries(strangers)) {
    const shard = await lived();
    for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
    await shard.acknowledge();
    await shard.clock.advance(60_000);
    await shard.stop();
    shard.die();
    change(shard);
    await shard.live();
    assert.equal(shard.guilds.known, null, what);
    shard.other();
    await shard.clock.advance(2_000);
    assert.ok(shard.keeper.bytes < 100, what);
    // A session that begins afterwards is kept as any other, wherever its cursors are.
    shard.begin();
    shard.change("9");
    await shard.acknowledge();
    await shard.clock.advance(1_000);
    shard.die();
    await shard.live();
    assert.deepEqual(shard.guilds.known, new Map([["9", shard.newest]]), what);
  }
});

Deno.test("guilds that are too far behind are of no use: Discord may not have all of it", async () => {
  for (const [others, isKnown] of [[MOST_REPLAYED, true], [MOST_REPLAYED + 1, false]] as const) {
    const shard = await lived();
    await shard.clock.advance(3_000);
    for (let i = 0; i < others; i++) shard.other();
    await shard.acknowledge();
    shard.die();
    await shard.live();
    assert.equal(shard.guilds.known !== null, isKnown);
    if (isKnown) assert.deepEqual(shard.guilds.known, shard.wanted);
  }
});

Deno.test("a full disk is told of once; the guilds stay in memory, and survive again when there is room", async () => {
  const shard = await lived();
  shard.mayWrite = false;
  for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
  await shard.acknowledge();
  await shard.clock.advance(30_000);
  const told = shard.logged.filter(({ event }) => event === "guilds could not be kept on disk");
  assert.deepEqual(told.map(({ fields }) => fields), [
    { shardId: SHARD, reason: "QUEUE_DISK_BYTES are used up" },
  ]);
  assert.deepEqual(shard.guilds.known, shard.wanted);
  shard.mayWrite = true;
  await shard.clock.advance(70_000);
  shard.die();
  await shard.live();
  assert.deepEqual(shard.guilds.known, shard.wanted);
});

Deno.test("a disk that took nothing for too long has the guilds again once they are written anew", async () => {
  const shard = await lived();
  shard.mayWrite = false;
  for (let i = 0; i < 90; i++) shard.change(`${i}`, 100_000);
  await shard.acknowledge();
  assert.deepEqual(shard.logged.map(({ fields }) => fields.reason), ["the disk is too slow"]);
  shard.mayWrite = true;
  await shard.clock.advance(1_000);
  shard.change("1");
  await shard.acknowledge();
  await shard.clock.advance(130_000);
  assert.deepEqual(shard.guilds.known, shard.wanted);
  shard.die();
  await shard.live();
  assert.equal(shard.guilds.known?.size, 90);
  assert.deepEqual(shard.guilds.known, shard.wanted);
});

Deno.test("guilds that are not known any more are none after a restart, and are again with a session", async () => {
  const shard = await lived();
  await shard.clock.advance(3_000);
  shard.guilds.lose();
  // What comes now is written by nobody.
  shard.change("1");
  await shard.acknowledge();
  await shard.clock.advance(3_000);
  shard.die();
  await shard.live();
  assert.equal(shard.guilds.known, null);
  shard.guilds.lose();
  shard.begin();
  shard.change("4");
  await shard.acknowledge();
  await shard.clock.advance(300);
  shard.die();
  await shard.live();
  assert.deepEqual(shard.guilds.known, new Map([["4", shard.newest]]));
});

Deno.test("guilds that are not known any more while they are written down are not written down", async () => {
  const shard = await lived();
  for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
  await shard.acknowledge();
  await shard.clock.advance(3_000);
  assert.ok([...shard.disk.files.keys()].some((path) => path.endsWith(".guilds")), "it has begun");
  shard.guilds.lose();
  await shard.clock.advance(30_000);
  assert.ok(![...shard.disk.files.keys()].some((path) => path.endsWith(".guilds")));
  assert.deepEqual(shard.logged, []);
});

Deno.test("a disk that cannot be read costs the guilds, and the unit goes on", async () => {
  for (const call of ["list", "read"] as const) {
    const shard = await lived();
    await shard.stop();
    shard.die();
    shard.disk.failNext(call);
    await shard.live();
    assert.equal(shard.guilds.known, null);
    assert.equal(shard.logged[0]?.event, "guilds on disk cannot be used");
    shard.begin();
    shard.change("1");
    await shard.acknowledge();
    assert.deepEqual(shard.guilds.known, shard.wanted);
  }
});

const STEP = fc.record({
  kind: fc.constantFrom(
    ...["change", "change", "change", "other", "acknowledge", "acknowledge", "advance", "advance"],
    ...["kill", "cut", "stop", "begin", "fail", "full", "lose"],
  ),
  size: fc.nat(60),
});

Deno.test("whatever fails and whenever it ends, the guilds are those of what is acknowledged, or unknown", async () => {
  const seen = { known: 0, unknown: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(STEP, { maxLength: 60, size: "max" }),
      fc.nat(),
      async (steps, seed) => {
        const random = seededRandom(seed);
        const shard = await lived();
        for (const { kind, size } of steps) await take(shard, kind, size, random, seen);
      },
    ),
    { numRuns: 200 },
  );
  assert.ok(seen.known > seen.unknown / 2, JSON.stringify(seen));
});

async function take(
  shard: Shard,
  kind: string,
  size: number,
  random: () => number,
  seen: { known: number; unknown: number },
): Promise<void> {
  const fails: DiskCall[] = ["write", "sync", "syncDir", "open", "remove", "makeDir", "truncate"];
  if (kind === "change") { for (let i = 0; i < size; i++) shard.change(`${i % 7}`, size); }
  if (kind === "other") { for (let i = 0; i < size; i++) shard.other(); }
  if (kind === "acknowledge") await shard.acknowledge(Math.max(0, shard.newest - size % 9));
  if (kind === "advance") await shard.clock.advance(size * size * 5);
  if (kind === "begin" || kind === "lose") {
    if (kind === "lose") shard.guilds.lose();
    shard.begin();
    await shard.acknowledge();
  }
  if (["fail", "full"].includes(kind)) shard.hasFailed = true;
  if (kind === "fail") shard.disk.failNext(fails[size % fails.length]!, size);
  if (kind === "full") shard.mayWrite = !shard.mayWrite;
  if (!["kill", "cut", "stop"].includes(kind)) {
    return assert.deepEqual(shard.guilds.known, shard.wanted, "in memory");
  }
  if (kind === "stop") await shard.stop();
  else shard.clock.advance(size * 20);
  for (let turn = 0; turn < size; turn++) await Promise.resolve();
  shard.die(kind === "cut" ? random : undefined);
  shard.mayWrite = true;
  // What was acknowledged last may not have been written down, and more may wait on disk for the bot.
  const acknowledged = Math.max(shard.acknowledged - (size % 3 === 0 ? size : 0), 0);
  const safe = acknowledged + Math.floor(random() * (shard.newest - acknowledged + 1));
  await shard.live({ acknowledged, safe: size % 2 === 0 ? safe : acknowledged });
  const { known } = shard.guilds;
  // On the eve of a session there may be the guilds of the one before it, or none.
  const isEve = shard.events.some(({ cursor, record }) =>
    cursor === shard.acknowledged + 1 && record && guildsAfter([record])
  );
  if (known && !(isEve && known.size === 0)) {
    assert.deepEqual(known, shard.wanted, `after ${kind}`);
  }
  const mustBeKnown = kind === "stop" && !shard.hasFailed && size % 3 !== 0;
  if (mustBeKnown && shard.wanted) assert.ok(known, "after a clean stop");
  if (known) seen.known++;
  else seen.unknown++;
  shard.hasFailed = false;
  if (!known) shard.begin();
  await shard.acknowledge();
  assert.deepEqual(shard.guilds.known, shard.wanted, `after ${kind}, later`);
}
