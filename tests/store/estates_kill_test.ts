/** Estates whose process is killed between any two writes: what the next life finds fits together. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { sleep } from "../../ports/clock.ts";
import { silentLog } from "../../ports/log.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import { cursorFloor, type Estate, withSafe, withSession } from "../../protocol/estate.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Estates } from "../../store/estates.ts";
import { stoppingStore } from "../support/stopping_store.ts";

const TOTAL = 2;
const IDS = [0, 1];
/** How long the disk takes. */
const WRITE_MS = 150;
const CHANGE = fc.record({
  kind: fc.constantFrom("begin", "lose", "safe", "safe", "guilds", "wait"),
  id: fc.constantFrom(...IDS),
  more: fc.integer({ min: 1, max: 9 }),
});
type Change = Parameters<typeof play>[1][number];

Deno.test("a unit that is killed between any two writes finds no point that is newer than its guilds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(CHANGE, { maxLength: 30 }), async (changes) => {
      const { writes } = await play(memoryStore(), changes, Infinity);
      for (let stop = 0; stop <= writes; stop++) await checkStop(changes, stop, stop === writes);
    }),
    { numRuns: 60 },
  );
});

async function checkStop(changes: readonly Change[], stop: number, isWhole: boolean) {
  const store = memoryStore();
  const { history } = await play(store, changes, stop);
  const found = await open(store);
  for (const id of IDS) {
    const states = history.get(id)!;
    const estate = found.of({ total: TOTAL, id });
    if (isWhole) assert.deepEqual(estate, states.at(-1));
    if (!estate.session) continue;
    const { sessionId, seq } = estate.session;
    const fits = states.some(({ session, guilds, facts }) =>
      session?.sessionId === sessionId && session.seq >= seq &&
      JSON.stringify([guilds, facts]) === JSON.stringify([estate.guilds, estate.facts])
    );
    assert.ok(fits, `stopped after ${stop} writes: ${JSON.stringify(estate)}`);
  }
}

function open(store: Store, clock = createVirtualClock()): Promise<Estates> {
  const opened = Estates.open({ store, clock, log: silentLog, newStream: "s" });
  return opened.then(async (estates) => {
    await estates.begin(TOTAL, IDS, 1);
    return estates;
  });
}

/** Plays changes in a process that is killed after so many writes; gives each state of each shard. */
async function play(
  store: Store,
  changes: readonly { readonly kind: string; readonly id: number; readonly more: number }[],
  stop: number,
) {
  const clock = createVirtualClock();
  const stopping = stoppingStore(store, stop);
  // Things go on happening while the disk is busy.
  const slow: Store = {
    ...stopping,
    async save(name, value) {
      await sleep(clock, WRITE_MS);
      await stopping.save(name, value);
    },
  };
  const estates = await open(slow, clock);
  const history = new Map<number, Estate[]>(
    IDS.map((id) => [id, [estates.of({ total: TOTAL, id })]]),
  );
  for (const [index, { kind, id, more }] of changes.entries()) {
    if (kind === "wait") await clock.advance(more * 100);
    else estates.change({ total: TOTAL, id }, (estate) => after(estate, kind, id, index, more));
    history.get(id)!.push(estates.of({ total: TOTAL, id }));
  }
  // A process that was killed does not come to its end.
  void estates.close();
  await clock.advance(10 * WRITE_MS);
  return { history, writes: stopping.writes.length };
}

/** Each session, and each change of guilds, has a name of its own. */
function after(estate: Estate, kind: string, id: number, index: number, more: number): Estate {
  const { session } = estate;
  if (kind === "lose") return withSession(estate, null);
  if (kind === "begin" || !session) {
    const base = cursorFloor(estate);
    const ids = { shardId: id, totalShards: TOTAL, intents: 1, sessionId: `session ${index}` };
    const facts = { user: index, application: null, guildIds: [] };
    return withSession(estate, { session: { ...ids, resumeUrl: "wss://r", seq: 0, base }, facts });
  }
  const acknowledged = session.base + session.seq + more;
  const guilds = { guildIds: [String(index)], loadingGuildIds: [] };
  return withSafe(estate, kind === "guilds" ? { acknowledged, guilds } : { safe: acknowledged });
}
