/**
 * Consumers of a unit whose guilds move from one total of shards to another, in virtual time: queues of both
 * totals without workers, a Discord that sends each event on both, and lots that are handed over as the unit does
 * it. What is not under test is as simple as can be: the cut is an event that both have.
 *
 * @module
 */

import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import { Links } from "../../link/links.ts";
import { logTo } from "../../ports/log.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import { NO_ESTATE } from "../../protocol/estate.ts";
import { encodeBatch, type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import {
  calculateShardId,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
  shardRange,
} from "../../protocol/ids.ts";
import { isPeer, type PeerKey, peerText } from "../../protocol/peer.ts";
import { lotsOf } from "../../protocol/reshard.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";
import { createVirtualClock, type VirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Consumers, type ConsumersOptions } from "../../unit/consumers.ts";
import { ownersOf } from "./seats.ts";

const encoder = new TextEncoder();

/** A guild by its place. */
export const guildAt = (place: number): string => String(BigInt(place) << 22n);

/** What one consumer of a shard has of it. */
interface Outlet {
  peer: PeerKey | null;
  acknowledged: number;
  /** On its present link. */
  sent: number;
  /** On any. */
  everSent: number;
}

/** A record, and which event of Discord's it is. */
interface Entry {
  record: EventRecord;
  readonly nth: number;
}

/** The queue of one shard. */
export class FakeQueue {
  readonly bot: Outlet;
  readonly readers = new Map<string, Outlet>();
  readonly entries: Entry[] = [];
  /** Nobody gets anything above this cursor. */
  heldAfter = Infinity;
  isOver = false;
  /** Up to which cursor others have served. */
  through = 0;
  /** The event at which it was held back. */
  cut = 0;
  #last: number;

  constructor(readonly key: ShardKey, first = 0) {
    this.#last = first;
    // By the plan it is a cluster's, who is not there.
    const peer: PeerKey = { kind: "cluster", id: 0 };
    this.bot = { peer, acknowledged: first, sent: first, everSent: 0 };
  }

  get last(): number {
    return this.#last;
  }

  add(t: string, d: object, nth: number): void {
    const cursor = ++this.#last;
    const body = encoder.encode(JSON.stringify({ t, s: cursor, op: 0, d }));
    const record = { shardId: this.key.id, kind: RECORD.DISPATCH as number, cursor, body };
    this.entries.push({ record, nth });
  }

  outlets(): Outlet[] {
    return [this.bot, ...this.readers.values()];
  }

  outletOf(peer: PeerKey): Outlet | undefined {
    if (peer.kind === "consumer" && peer.reader !== undefined) return this.readers.get(peer.reader);
    return isPeer(this.bot.peer, peer) ? this.bot : undefined;
  }
}

/** Makes a unit of `from` shards. */
export function movingUnit(
  { from, to, store = memoryStore(), clock = createVirtualClock(), queues = new Map(), moved = [] }:
    {
      readonly from: number;
      readonly to: number;
      readonly store?: Store;
      readonly clock?: VirtualClock;
      readonly queues?: Map<ShardKeyText, FakeQueue>;
      readonly moved?: number[];
    },
) {
  const lines: string[] = [];
  const up: [ShardKeyText, unknown][] = [];
  const isSettled = () => moved.length === lotsOf(from, to).length;
  const owners = () => isSettled() ? ownersOf(to) : ownersOf(from, to, moved);
  const queueOf = (key: ShardKey) => {
    const text = shardKeyText(key);
    const known = queues.get(text);
    if (known) return known;
    const queue = new FakeQueue(key, key.total === from ? 0 : 1_000 * (key.id + 1));
    queues.set(text, queue);
    return queue;
  };
  const flush = (queue: FakeQueue) => {
    for (const outlet of queue.outlets()) {
      if (queue.isOver || !outlet.peer) continue;
      const link = links.of(outlet.peer);
      if (link === undefined) continue;
      const due = queue.entries.map(({ record }) => record)
        .filter(({ cursor }) => cursor > outlet.sent && cursor <= queue.heldAfter);
      if (due.length === 0) continue;
      outlet.sent = due.at(-1)!.cursor;
      outlet.everSent = Math.max(outlet.everSent, outlet.sent);
      links.deliver(outlet.peer, link, encodeBatch(queue.key.total, due));
    }
  };
  const links = new Links({
    clock,
    totalShards: from,
    stream: "a",
    peers: () => [],
    link: (peer) => {
      if (peer.kind !== "consumer") return;
      const queue = queueOf(peer.shard);
      const outlet = queue.outletOf(peer);
      if (!outlet) return;
      outlet.sent = outlet.acknowledged;
      queueMicrotask(() => flush(queue));
    },
    acknowledged: (peer, _, { totalShards, cursors }) => {
      for (const [id, cursor] of Object.entries(cursors)) {
        const queue = queueOf({ total: totalShards, id: Number(id) });
        const outlet = queue.outletOf(peer);
        if (!outlet) continue;
        const most = Math.max(outlet.everSent, outlet.acknowledged);
        assert.ok(cursor <= most, `${cursor} of ${shardKeyText(queue.key)} was never sent`);
        outlet.acknowledged = Math.max(outlet.acknowledged, Math.min(cursor, outlet.sent));
      }
    },
  });
  const poolOf = ({ total }: ShardKey) => {
    const of = (id: number) => queueOf({ total, id });
    const pool = {
      assign: (id: number, peer: PeerKey | null) => {
        const { bot } = of(id);
        bot.peer = peer;
        bot.sent = bot.acknowledged;
        flush(of(id));
      },
      release: (id: number) => pool.assign(id, { kind: "cluster", id: 0 }),
      backlog: (id: number) => {
        const { bot, last } = of(id);
        return Promise.resolve({ acknowledged: bot.acknowledged, last });
      },
      read: (id: number, reader: string) => {
        const queue = of(id);
        const peer: PeerKey = { kind: "consumer", shard: queue.key, reader };
        const outlet = queue.readers.get(reader) ??
          { peer, acknowledged: queue.last, sent: queue.last, everSent: 0 };
        queue.readers.set(reader, outlet);
        return Promise.resolve({ acknowledged: outlet.acknowledged, last: queue.last });
      },
      dismiss: (id: number, reader: string) => Promise.resolve(void of(id).readers.delete(reader)),
    };
    return pool as unknown as ReturnType<ConsumersOptions["poolOf"]>;
  };
  const estateOf = (key: ShardKey) => ({
    ...NO_ESTATE,
    facts: { user: { id: "1" }, application: { id: "2" }, guildIds: [] },
    readers: Object.fromEntries(
      [...queueOf(key).readers].map(([name, { acknowledged }]) => [name, acknowledged]),
    ),
  });
  const consumers = new Consumers({
    windowBytes: 1_000_000,
    config: {
      ...CONFIG_DEFAULTS,
      intents: ALL_INTENTS,
      consumersPerShard: 3,
      consumerTotals: "any",
    },
    totalShards: from,
    shardIds: shardRange(0, from - 1),
    owners,
    roleOf: (key) => {
      const { through } = queueOf(key);
      const cuts = { from: [], through, guilds: {}, others: 0, loads: [], mayRepeat: [] };
      return { kind: "serves", cuts: through > 0 ? cuts : null };
    },
    clock,
    log: logTo((level, event, fields) => lines.push(`${level} ${event} ${JSON.stringify(fields)}`)),
    store,
    links,
    estates: {
      stream: "a",
      of: estateOf,
      saved: () => Promise.resolve(),
      until: (key, wanted) => Promise.resolve(wanted(estateOf(key))!),
    },
    poolOf,
    controllers: {
      gateway: {
        sendPayload: (id: number, { op, totalShards = owners().total }: ShardPayload) =>
          Promise.resolve(void up.push([`${id}/${totalShards}`, op])),
      },
    } as unknown as ConsumersOptions["controllers"],
    door: { url: () => "ws://unit.test/", isSecret: (token) => token === "secret", leave() {} },
    guildsMissing() {},
  });
  let nth = Math.max(
    0,
    ...[...queues.values()].flatMap((it) => it.entries.map((each) => each.nth)),
  );
  const shardsThat = (is: (queue: FakeQueue) => boolean) => [...queues.values()].filter(is);
  const isMoved = (key: ShardKey) =>
    moved.includes(key.id % lotsOf(from, to).length) === (key.total === to);
  for (const id of shardRange(0, from - 1)) queueOf({ total: from, id });

  return {
    clock,
    store,
    consumers,
    queues,
    moved,
    lines,
    up,
    owners,
    queueOf,
    /** The total that `/gateway/bot` says. */
    total: () => owners().total,
    /** An event of a guild comes, on each total that is up. */
    event(place: number): string {
      const t = `EVENT_${++nth}`;
      for (const total of [from, to]) {
        const queue = queues.get(`${calculateShardId(guildAt(place), total)}/${total}`);
        if (!queue || queue.isOver) continue;
        queue.add(t, { guild_id: guildAt(place) }, nth);
        flush(queue);
      }
      return t;
    },
    /** The shards that are to have a lot come up: they have a READY, and everything from here on. */
    rise(rest: number): void {
      for (const id of lotsOf(from, to)[rest]!.to) {
        const queue = queueOf({ total: to, id });
        queue.heldAfter = 0;
        for (const own of lotsOf(from, to)[rest]!.from) {
          for (const [name] of queueOf({ total: from, id: own }).readers) {
            const peer: PeerKey = { kind: "consumer", shard: queue.key, reader: name };
            const at = queue.last;
            queue.readers.set(name, { peer, acknowledged: at, sent: at, everSent: 0 });
          }
        }
        queue.add("READY", {
          guilds: [{ id: guildAt(id) }],
          gatehouse: { left: ["1"], joined: [] },
        }, nth);
      }
    },
    /** Holds the shards of a lot back at the newest event, and waits until that is dealt with. */
    async holdBack(rest: number): Promise<void> {
      const old = lotsOf(from, to)[rest]!.from.map((id) => queueOf({ total: from, id }));
      for (const queue of old) {
        queue.heldAfter = queue.last;
        queue.cut = nth;
        consumers.held(queue.key);
      }
      const isDone = () =>
        old.every((queue) =>
          queue.outlets().every(({ peer, acknowledged }) =>
            peer?.kind !== "consumer" || acknowledged >= queue.heldAfter
          )
        );
      for (let waited = 0; !isDone(); waited++) {
        assert.ok(waited < 1_000, "what is held back is never dealt with");
        await clock.advance(100);
      }
    },
    /**
     * Lets the others serve a lot that is held back. `between` happens when it is written down and nobody has heard
     * of it.
     */
    async turnOver(rest: number, between: () => void = () => {}): Promise<void> {
      const lot = lotsOf(from, to)[rest]!;
      const old = lot.from.map((id) => queueOf({ total: from, id }));
      const risen = lot.to.map((id) => queueOf({ total: to, id }));
      const { cut } = old[0]!;
      for (const queue of risen) {
        for (const each of queue.entries) {
          if (each.nth > cut || each.record.kind !== RECORD.DISPATCH) continue;
          queue.through = each.record.cursor;
          if (each.nth === 0 || isReady(each)) continue;
          each.record = { ...each.record, kind: RECORD.SERVED, body: new Uint8Array() };
        }
      }
      moved.push(rest);
      between();
      const going = consumers.moved();
      for (const queue of risen) {
        queue.heldAfter = Infinity;
        flush(queue);
      }
      for (const queue of old) queue.isOver = true;
      await going;
    },
    /** Both, one after the other. */
    async handOver(rest: number, between?: () => void): Promise<void> {
      await this.holdBack(rest);
      await Promise.all([this.turnOver(rest, between), clock.advance(50)]);
    },
    /** Queues of all shards that are, or were. */
    shards: () => [...queues.values()],
    /** Records that nobody has acknowledged though they were sent. */
    unacknowledged: () =>
      shardsThat(({ key }) => isMoved(key)).flatMap(({ key, bot }) =>
        bot.peer?.kind === "consumer" && bot.acknowledged < bot.sent
          ? [`${shardKeyText(key)}: ${bot.acknowledged} of ${bot.sent} by ${peerText(bot.peer)}`]
          : []
      ),
  };
}

function isReady({ record }: Entry): boolean {
  return new TextDecoder().decode(record.body).startsWith('{"t":"READY"');
}

/** What {@linkcode movingUnit} gives. */
export type MovingUnit = ReturnType<typeof movingUnit>;
