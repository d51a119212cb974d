/**
 * How a large fleet identifies, in virtual time: 10,000 shards over 40 units on the simulated line, gates, authority,
 * key and pace as they are, and the simulator as Discord, which judges. Who leads is said, not found out. What the
 * numbers mean is in `docs/scale.md`.
 *
 * @module
 */

import { IDENTIFY_KEY } from "../gateway/identify/fleet/record.ts";
import { IdentifyQueue } from "../gateway/identify/queue.ts";
import type { FleetView } from "../ports/fleet/fleet.ts";
import { LEASE_MS } from "../protocol/fleet.ts";
import { shardRange } from "../protocol/ids.ts";
import { createVirtualClock } from "../sim/mod.ts";
import { createStage } from "../tests/gateway/identify/fleet/stage.ts";
import { costOf, figure, printTables } from "./measure.ts";

const SHARDS = 10_000;
const UNITS = 40;
const NAMES = Array.from({ length: UNITS }, (_, at) => `unit-${String(at).padStart(2, "0")}`);
/** Until a shard has its HELLO, from its permit: up to so long. */
const CONNECT_MS = 500;

/** A cold start; `isCut`: who leads is killed when half of the shards have identified. */
async function coldStart(maxConcurrency: number, isCut: boolean): Promise<string[]> {
  const watching = new Set<() => void>();
  let [leader, term, members]: [string | null, number, string[]] = [NAMES[0]!, 1, NAMES];
  const viewOf = (self: string): FleetView => ({
    self,
    get members() {
      return members;
    },
    get leader() {
      return leader;
    },
    get term() {
      return leader === self ? term : null;
    },
    ownerOf: () => null,
    watch: (changed) => {
      watching.add(changed);
      return () => watching.delete(changed);
    },
  });
  const stage = createStage({
    shards: SHARDS,
    maxConcurrency,
    remaining: 2 * SHARDS,
    connectMs: CONNECT_MS,
    wire: { latencyMs: 20, jitterMs: 20 },
    viewOf,
  });
  const { clock, bus, sim, all, random } = stage;
  const observer = bus.line("observer");
  let [writes, bytes] = [0, 0];
  observer.keys.watch(IDENTIFY_KEY, (key, entry) => {
    if (key === null) return;
    writes++;
    bytes = Math.max(bytes, JSON.stringify(entry?.value).length);
  });
  const share = SHARDS / UNITS;
  for (const [at, name] of NAMES.entries()) {
    const unit = stage.start(name);
    unit.gate.expect(all.slice(at * share, (at + 1) * share));
    unit.line.clock.after(
      random() * 5_000,
      () => unit.bringUp(all.slice(at * share, (at + 1) * share)),
    );
  }
  const second: { messages: number; writes: number; characters: number }[] = [];
  let before = { messages: 0, writes: 0, characters: 0 };
  let isOver = !isCut;
  while (stage.identifies() < SHARDS) {
    await clock.advance(1_000);
    const { published, delivered, asked, characters } = bus.tally;
    // A question and its answer pass the server each; so do a write and what it gives.
    const now = {
      messages: published + delivered + 4 * asked + 2 * writes,
      writes,
      characters: 2 * characters,
    };
    second.push({
      messages: now.messages - before.messages,
      writes: now.writes - before.writes,
      characters: now.characters - before.characters,
    });
    before = now;
    if (!isOver && stage.identifies() >= SHARDS / 2) {
      isOver = true;
      const [gone] = NAMES;
      stage.units.get(gone!)!.kill();
      clock.after(LEASE_MS, () => {
        members = NAMES.slice(1);
        [leader, term] = [members[0]!, 2];
        for (const changed of watching) changed();
      });
    }
  }
  const { identifies, violations } = sim.ledger;
  const stoodMs = Math.max(
    ...identifies.slice(1).map(({ atMs }, at) => atMs - identifies[at]!.atMs),
  );
  const of = (field: "messages" | "writes" | "characters") => second.map((it) => it[field]);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [
    `${maxConcurrency}${isCut ? ", who leads is killed" : ""}`,
    figure(identifies.at(-1)!.atMs / 60_000),
    figure(identifies.length / (identifies.at(-1)!.atMs / 1000)),
    figure(mean(of("messages"))),
    figure(Math.max(...of("messages"))),
    figure(mean(of("writes"))),
    figure(Math.max(...of("writes"))),
    figure(bytes / 1024),
    figure(mean(of("characters")) / 1024),
    figure(stoodMs / 1000),
    String(violations.length),
  ];
}

/** What the queue costs who leads, for each identify, while all others wait. */
async function queueCost(maxConcurrency: number): Promise<string[]> {
  const clock = createVirtualClock();
  const granted: (() => void)[] = [];
  const queue = new IdentifyQueue({
    clock,
    maxConcurrency,
    reserve: 0,
    budget: { total: 2 * SHARDS, remaining: 2 * SHARDS, resetAtMs: Number.MAX_SAFE_INTEGER },
    allow: (shard, permit) => void granted.push(() => queue.sent(shard, permit)),
    spent() {},
  });
  queue.together(() => {
    for (const id of shardRange(0, SHARDS - 1)) queue.request({ total: SHARDS, id });
  });
  const { cpuUs } = await costOf(async (count) => {
    for (let n = 0; n < count; n += maxConcurrency) {
      for (const use of granted.splice(0)) use();
      await clock.advance(5_300);
    }
  }, 20 * maxConcurrency);
  return [String(maxConcurrency), figure(cpuUs / 1000)];
}

const rows: string[][] = [];
for (const maxConcurrency of [16, 64]) {
  for (const isCut of [false, true]) rows.push(await coldStart(maxConcurrency, isCut));
}
printTables([{
  title: `cold start of ${SHARDS} shards over ${UNITS} units`,
  columns: [
    "max_concurrency",
    "all, min",
    "identifies/s",
    "messages/s",
    "busiest second",
    "writes/s",
    "busiest second",
    "key, KiB",
    "KiB/s",
    "longest pause, s",
    "violations",
  ],
  rows,
}, {
  title: `the queue, ${SHARDS} waiting`,
  columns: ["max_concurrency", "CPU ms per identify"],
  rows: [await queueCost(16), await queueCost(64)],
}]);
