/** A lot handed over as it is in a unit, of shards that a world of guilds and events feeds. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { silentLog } from "../../../../ports/log.ts";
import { NO_ESTATE } from "../../../../protocol/estate.ts";
import type { ShardKey } from "../../../../protocol/ids.ts";
import type { Cuts } from "../../../../protocol/reshard.ts";
import { createVirtualClock } from "../../../../sim/mod.ts";
import type { Side } from "../../../../unit/reshard/alignment.ts";
import { Compare } from "../../../../unit/reshard/compare.ts";
import type { Handed } from "../../../../unit/reshard/lots/handed.ts";
import { Handover } from "../../../../unit/reshard/lots/handover.ts";
import {
  BREAK_MS,
  judgedBy,
  TICK_MS,
  WHOLE_MS,
  type WorldDraw,
  worldOf,
  worldsOf,
} from "../compare_model.ts";

const ACK_MS = 300;
const ANSWER_MS = 20;

async function handOver(draw: WorldDraw) {
  const { fromTotal, toTotal, lot, got } = worldOf(draw);
  const clock = createVirtualClock();
  const beganMs = clock.epochMs();
  const nowMs = () => clock.epochMs() - beganMs;
  const sideOf = (total: number): Side => total === fromTotal ? "from" : "to";
  const told = new Map<string, number>();
  const through = new Map<number, number>();
  const served = new Map<number, Cuts>();
  const compared = { wholeMs: 0, heldMs: 0 };
  let handed: Handed | null = null;

  /** What came on a shard by now, in order. */
  const come = ({ id, total }: ShardKey, byMs = nowMs()) =>
    got[sideOf(total)].filter(({ shardId, atMs }) => shardId === id && atMs <= byMs);
  const flush = (key: ShardKey) => {
    const after = told.get(`${key.id}/${key.total}`) ?? 0;
    const seen = come(key).filter(({ cursor }) => cursor > after);
    if (seen.length === 0) return;
    told.set(`${key.id}/${key.total}`, seen.at(-1)!.cursor);
    handover.see(key, seen.map((each) => ({ ...each, atMs: each.atMs + beganMs })));
  };
  const breaksOf = ({ id, total }: ShardKey) =>
    draw.breaks.filter(({ side, shard, atMs }) =>
      side === sideOf(total) && shard % total === id && atMs <= nowMs()
    );
  const answer = <T>(value: T) =>
    new Promise<T>((resolve) => clock.after(ANSWER_MS, () => resolve(value)));

  const handover: Handover = new Handover({
    ...{ clock, log: silentLog, lot, fromTotal, toTotal, owner: fromTotal, goal: toTotal },
    sides: {
      of: (total) => ({
        bringUp: () => {},
        watch(_, isWatched) {
          if (isWatched) compared.wholeMs = nowMs();
        },
        hold(id) {
          compared.heldMs = nowMs();
          flush({ id, total });
          through.set(id, come({ id, total }).at(-1)?.cursor ?? 0);
          const ids = worldOf(draw).guildIds.filter((guildId) => guildId !== "");
          return answer({ through: through.get(id)!, guildIds: ids, atMs: clock.epochMs() });
        },
        hear(id) {
          flush({ id, total });
          return answer(undefined);
        },
        lift: (id) => void through.delete(id),
        serve: (id, cuts) => void served.set(id, cuts),
        endShard: () => answer(undefined),
      }),
      statusOf(key) {
        const breaks = breaksOf(key);
        const isBroken = breaks.some(({ atMs }) => nowMs() < atMs + BREAK_MS);
        const state = isBroken ? "backing off" : "ready";
        return { shardId: key.id, state, reason: "", sinceMs: 0, connection: 1 + breaks.length };
      },
      estateOf(key) {
        const last = come(key, nowMs() - ACK_MS).at(-1)?.cursor ?? 0;
        const most = key.total === fromTotal ? through.get(key.id) ?? Infinity : 0;
        return { ...NO_ESTATE, acknowledged: Math.min(last, most) };
      },
    },
    compares: (way) => new Compare(way),
    write: (each) => {
      handed = each;
      return answer(undefined);
    },
    changed: () => {},
  });

  for (; handover.phase !== "moved"; await clock.advance(TICK_MS)) {
    assert.ok(nowMs() < 600_000, `it stays ${handover.phase}: ${handover.snapshot.reason}`);
    for (const id of lot.from) flush({ id, total: fromTotal });
    for (const id of lot.to) flush({ id, total: toTotal });
    if (nowMs() === WHOLE_MS) handover.begin();
    if (nowMs() >= WHOLE_MS) handover.tick();
  }
  assert.deepEqual([...served.keys()], [...lot.to]);
  return judgedBy(draw, { ...handed!, cuts: served }, through, compared);
}

Deno.test("a lot is handed over with every event once, in order, whatever breaks on the way", async () => {
  const worlds = worldsOf(["both"], ["once", "seldom", "p"]);
  const property = fc.asyncProperty(worlds, async (draw) => {
    const { delivered, wanted, monotone, mayRepeat, result } = await handOver(draw);
    for (const [guildId, events] of wanted) {
      const all = delivered.get(guildId)!.filter((event) => events.includes(event));
      const isDoubtful = mayRepeat.has(guildId);
      assert.deepEqual(isDoubtful ? [...new Set(all)] : all, events, `guild "${guildId}"`);
      assert.ok(!isDoubtful || monotone.has(guildId), `guild "${guildId}" is doubtful`);
    }
    assert.equal(result.forced, mayRepeat.size);
  });
  await fc.assert(property, { numRuns: 100, interruptAfterTimeLimit: 30_000 });
});
