/** A shard that rises, serves and is held, while links come and go and its worker is killed. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Spool } from "../../../ports/spool.ts";
import { identityOf } from "../../../protocol/discord/identity.ts";
import { type EventRecord, readBatch, RECORD } from "../../../protocol/event_frame.ts";
import { type PeerKey, peerText } from "../../../protocol/peer.ts";
import type { Cuts, ShardRole } from "../../../protocol/reshard.ts";
import { EventQueue } from "../../../queue/worker_queue.ts";
import type { Safety } from "../../../queue/worker_world.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { Handover } from "../../../workers/handover/handover.ts";
import { memorySpool } from "../../support/memory_spool.ts";
import { cluster, reader } from "../../support/peers.ts";

const BOT = cluster(0);
const LOGGER = reader(0, "logger", 1);
const GUILDS = ["11", "12", "13", ""] as const;

interface Taker {
  readonly peer: PeerKey;
  taken: number;
  done: number;
  link: number;
}

/** Shard 0, its bot and who reads beside it, each of whom must get what was not served before, once and in order. */
class World {
  readonly clock = createVirtualClock();
  readonly #disk = memorySpool();
  readonly #takers: Taker[] = [BOT, LOGGER].map((peer) => ({ peer, taken: 0, done: 0, link: 0 }));
  /** The guild of each event, by cursor less 1; `null`: the session's own. */
  readonly #sent: (string | null)[] = [];
  /** What is written down. */
  #role: ShardRole = { kind: "rises" };
  #saved: Safety = { acknowledged: 0, readers: { logger: 0 }, done: 0, safe: 0 };
  #heldAfter = Infinity;
  #life = 0;
  #link = 0;
  #queue!: EventQueue;
  #handover!: Handover;

  static async create(): Promise<World> {
    const world = new World();
    await world.restart(false);
    return world;
  }

  come(guild: string | null): void {
    this.#sent.push(guild);
    this.#accept(this.#sent.length);
  }

  link(at: number, isUp: boolean): void {
    const taker = this.#takers[at]!;
    taker.link = isUp ? ++this.#link : 0;
    taker.taken = taker.done;
    this.#queue.link(taker.peer, isUp ? taker.link : null, 1 << 30);
  }

  acknowledge(at: number, behind: number): void {
    const taker = this.#takers[at]!;
    if (!taker.link) return;
    taker.done = Math.max(taker.done, taker.taken - behind);
    this.#queue.acknowledge(taker.peer, taker.link, { 0: taker.done });
  }

  /** What comes from now on is held, whoever serves; or all is lifted. */
  hold(isOn: boolean): void {
    if (this.#role.kind === "rises") return;
    if (isOn) this.#heldAfter = this.#handover.hold(0).through;
    else this.#handover.lift(0);
    if (!isOn) this.#heldAfter = Infinity;
  }

  /** Cut so many events behind the newest, guild by guild. */
  serve(behind: readonly number[]): void {
    if (this.#role.kind === "serves") return;
    const through = this.#sent.length;
    const cut = (by: number) => Math.max(0, through - by);
    const guilds = { "11": cut(behind[0]!), "": cut(behind[1]!) };
    const from = [{ total: 2, id: 0 }];
    const others = cut(behind[2]!);
    const cuts: Cuts = { from, through, guilds, others, loads: [], mayRepeat: [] };
    this.#role = { kind: "serves", cuts };
    this.#handover.serve(0, cuts);
  }

  /** With what is in memory written down first, or not. Discord says again what was not safe. */
  async restart(isClean: boolean): Promise<void> {
    if (isClean) await this.#queue.close();
    const { acknowledged, readers, safe } = this.#saved;
    this.#live();
    this.#heldAfter = Infinity;
    for (const at of this.#takers.keys()) this.link(at, false);
    this.#handover.begin(0, this.#role);
    await this.#queue.read(LOGGER, readers.logger!);
    await this.#queue.open(0, acknowledged);
    this.#saved = this.#queue.safety(0);
    for (let cursor = safe + 1; cursor <= this.#sent.length; cursor++) this.#accept(cursor);
  }

  /** Whatever state it is in, in the end everybody has all. */
  async settle(): Promise<void> {
    this.serve([0, 1, 2]);
    this.hold(false);
    for (const [at, { link }] of this.#takers.entries()) if (!link) this.link(at, true);
    for (let i = 0; i < 20; i++) {
      await this.clock.advance(1_000);
      for (const at of this.#takers.keys()) this.acknowledge(at, 0);
    }
    const all = this.#sent.length;
    for (const { peer, done } of this.#takers) assert.equal(done, all, peerText(peer));
  }

  #accept(cursor: number): void {
    const guild = this.#sent[cursor - 1];
    const own = { t: "RATE_LIMITED", d: {} };
    const message = { t: "MESSAGE_CREATE", d: { id: `${cursor}`, guild_id: guild || undefined } };
    const { t, d } = guild === null ? own : message;
    const payload = JSON.stringify({ t, s: cursor, op: 0, d });
    this.#queue.accept(0, cursor, new TextEncoder().encode(payload));
  }

  #got(taker: Taker, { cursor, kind }: EventRecord): void {
    const who = peerText(taker.peer);
    assert.equal(cursor, taker.taken + 1, `${who} misses some, or has them again`);
    assert.equal(this.#role.kind, "serves", `${who} gets what nobody is to get`);
    assert.ok(cursor <= this.#heldAfter, `${who} gets what is held`);
    assert.equal(kind, this.#kindOf(cursor), `${who}, ${cursor}`);
    taker.taken = cursor;
  }

  #kindOf(cursor: number): number {
    const cuts = this.#role.kind === "serves" ? this.#role.cuts! : null;
    const guild = this.#sent[cursor - 1]!;
    if (!cuts || guild === null) return RECORD.DISPATCH;
    return cursor <= (cuts.guilds[guild] ?? cuts.others) ? RECORD.SERVED : RECORD.DISPATCH;
  }

  #live(): void {
    const life = ++this.#life;
    const isAlive = () => life === this.#life;
    const queue: EventQueue = this.#queue = new EventQueue({
      clock: this.clock,
      totalShards: 1,
      clusterOfShard: { 0: 0 },
      limitBytes: 40_000,
      openSpool: async (...whose) => whileAlive(await this.#disk(...whose), isAlive),
      served: (record) => handover.prepare(record),
      changed: () => {
        handover.acknowledged(0);
        const safety = queue.safety(0);
        if (isAlive() && safety.readers.logger !== undefined) this.#saved = safety;
      },
      send: (peer, link, batch) => {
        const taker = this.#takers.find((each) => peerText(each.peer) === peerText(peer))!;
        if (!isAlive() || link !== taker.link) return;
        for (const record of readBatch(batch).records) this.#got(taker, record);
      },
    });
    const handover = this.#handover = new Handover({
      clock: this.clock,
      identityOf,
      queue: () => queue,
      loaded: () => [],
      post: () => {},
    });
  }
}

/** What a process that was killed still says does not reach the disk. */
function whileAlive(spool: Spool, isAlive: () => boolean): Spool {
  const never = new Promise<never>(() => {});
  return new Proxy(spool, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => isAlive() ? value.apply(target, args) : never;
    },
  });
}

const action = fc.oneof(
  { weight: 8, arbitrary: fc.record({ come: fc.array(fc.constantFrom(...GUILDS, null)) }) },
  { weight: 4, arbitrary: fc.record({ passMs: fc.constantFrom(0, 10, 1_000, 3_000) }) },
  { weight: 3, arbitrary: fc.record({ taker: fc.nat(1), isUp: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ taker: fc.nat(1), behind: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ isClean: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ isHeld: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ cuts: fc.array(fc.nat(30), { minLength: 3, maxLength: 3 }) }),
  },
);

Deno.test("whatever happens to links and workers, nobody gets too soon, twice or wrongly what a shard keeps", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60, size: "max" }), async (actions) => {
      const world = await World.create();
      for (const each of actions) {
        if ("come" in each) { for (const guild of each.come) world.come(guild); }
        else if ("passMs" in each) await world.clock.advance(each.passMs);
        else if ("isUp" in each) world.link(each.taker, each.isUp);
        else if ("behind" in each) world.acknowledge(each.taker, each.behind);
        else if ("isClean" in each) await world.restart(each.isClean);
        else if ("isHeld" in each) world.hold(each.isHeld);
        else world.serve(each.cuts);
      }
      await world.settle();
    }),
    { numRuns: 300 },
  );
});
